import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type { ReservedPrefixes } from '@aws-iam-authenticator/core/mapping/decide'
import type { KeyType } from '@aws-iam-authenticator/init/pair/certificate'
import type { ConnectKubernetes, KubernetesCluster } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { WebIdentitySettings } from '@aws-iam-authenticator/core/configuration/web-identity-settings'
import type { Dispatcher } from 'undici'
import type { BackendSettings } from './backends/backend.ts'
import type { Ec2Access } from './ec2/describe-instances.ts'
import type { PlainAddress } from './http/plain-server.ts'
import type { Build } from './util/build.ts'

/** The settings of the server. */
export interface ServerSettings extends BackendSettings {
  readonly clusterId: string
  readonly partition: Partition
  readonly address: string
  readonly port: number
  /** The name in the URL of the webhook kubeconfig and in the certificate. */
  readonly hostname: string
  /** The type of a generated key. */
  readonly keyType: KeyType
  /** The directory of `cert.pem` and `key.pem`. */
  readonly stateDir: string
  readonly kubeconfigPath: string
  /** Whether the webhook kubeconfig exists already and must not be written. */
  readonly kubeconfigPregenerated: boolean
  readonly backendModes: readonly BackendMode[]
  /** The file whose list of backends replaces `backendModes` while the file exists; null for none. */
  readonly backendModePath: string | null
  /** The paths of the backends that read a file of their own. */
  readonly backendPaths: ReadonlyMap<BackendMode, string>
  readonly reservedPrefixes: ReservedPrefixes
  readonly scrubbedAccounts: ReadonlySet<string>
  /** The API server's `--api-audiences`; null if unknown. */
  readonly apiAudiences: readonly string[] | null
  /** The AWS-signed JWTs that are accepted; null for none. */
  readonly webIdentity: WebIdentitySettings | null
  readonly refusalStatus: 200 | 403
  /** The regions whose STS may be called, in addition to the server's own; `global` is sts.amazonaws.com. Null for all. */
  readonly stsRegions: ReadonlySet<string> | null
  /** How long the outcome of verifying a token is cached, in milliseconds; 0 disables the cache. */
  readonly tokenCacheTtlMs: number
  readonly healthAddress: PlainAddress
  /** The address of `/metrics` in plain HTTP; null for none. */
  readonly metricsAddress: PlainAddress | null
  /** The audit log; null for none. */
  readonly auditLogPath: string | null
  /** The limits of calls to EC2 DescribeInstances: calls per second, and calls at once. */
  readonly ec2: { readonly qps: number; readonly burst: number }
  /** The memory limit of the process, in bytes; null for none. */
  readonly memoryLimit?: number | null
}

/** The effects that the server depends on. */
export interface ServerSurroundings {
  readonly log: Log
  readonly now: () => Date
  /** The program of worker threads: `document-worker.ts`, or another that posts the result of `answerDocumentTask`. */
  readonly workerProgram: string | URL
  readonly userAgent: string
  readonly build: Build
  /** The dispatcher of all calls to AWS. */
  readonly aws: Dispatcher
  /** Finds the region that this server runs in. It runs in the background, so that the start never waits for it. */
  readonly lookUpRegion: () => Promise<string | null>
  /** The EC2 endpoint and its credentials; called only if a mapping needs EC2. */
  readonly ec2Access: () => Promise<Ec2Access>
  /** The API server whose objects are watched; called only if a backend needs it. */
  readonly kubernetes: () => Promise<KubernetesCluster>
  readonly connectKubernetes: ConnectKubernetes
  /** Called on the first TokenReview: from then on, the same code runs again and again. */
  readonly onFirstTokenReview: () => void
}
