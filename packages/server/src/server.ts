import { setTimeout as sleep } from 'node:timers/promises'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { MappingLists } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type { ReservedPrefixes } from '@aws-iam-authenticator/core/mapping/decide'
import type { KeyType } from '@aws-iam-authenticator/init/pair/certificate'
import type { Dispatcher } from 'undici'
import { createAuthenticate } from './login/authenticate.ts'
import { createBackendModeFile } from './backends/backend-mode-file.ts'
import { createBackendSet } from './backends/backend-set.ts'
import { createBackend } from './backends/create-backend.ts'
import { createDocumentReader } from './backends/document-reader.ts'
import type { Ec2Access } from './ec2/describe-instances.ts'
import { createEc2Lookup } from './ec2/lookup.ts'
import { createForeignTokens } from './login/foreign-tokens.ts'
import { startHealthServer, type HealthAddress, type HealthServer } from './http/health.ts'
import {
  createKubernetesApi,
  type ConnectKubernetes,
  type KubernetesApi,
  type KubernetesCluster,
} from '@aws-iam-authenticator/kubernetes/api/connection'
import { createMapper, createNearestMisses } from './login/map.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createRefusalLog } from './log/bounded-refusals.ts'
import { createStsVerifier } from './sts/create-sts-verifier.ts'
import { realTiming } from './util/timing.ts'
import { createOperations } from './observe/operations.ts'
import type { Build } from './observe/status.ts'
import { checkKubeconfigTrust } from './tls/kubeconfig-trust.ts'
import { prepareNodeFiles } from './tls/node-files.ts'
import { followCertificate, type CertificateFollower } from './tls/serving-certificate.ts'
import { createWebhook } from './http/webhook.ts'

/** How long a stop may take before what is still in flight is given up, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000

/** The settings of the server. */
export interface ServerSettings {
  readonly clusterId: string
  readonly partition: Partition
  readonly address: string
  readonly port: number
  /** The name in the URL of the webhook kubeconfig and in the certificate. */
  readonly hostname: string
  /** The kind of a key that is made. */
  readonly keyType: KeyType
  /** The folder of `cert.pem` and `key.pem`. */
  readonly stateDir: string
  readonly kubeconfigPath: string
  /** Whether the webhook kubeconfig is there already and must be left alone. */
  readonly kubeconfigPregenerated: boolean
  readonly backendModes: readonly BackendMode[]
  /** The file whose list of backends takes the place of `backendModes` while it is there; null for none. */
  readonly backendModePath: string | null
  /** The file of the backend DynamicFile; null for none. */
  readonly dynamicFile: { readonly path: string; readonly userIdStrict: boolean } | null
  readonly mappings: MappingLists
  readonly reservedPrefixes: ReservedPrefixes
  /** What feature gates open in entries. */
  readonly gates: EntryGates & { readonly sso: boolean }
  readonly scrubbedAccounts: ReadonlySet<string>
  /** The API server's `--api-audiences`; null where they are not known. */
  readonly apiAudiences: readonly string[] | null
  readonly refusalStatus: 200 | 403
  /** The only regions whose STS is asked, beside the server's own, `global` for sts.amazonaws.com; null for all. */
  readonly stsRegions: ReadonlySet<string> | null
  /** How long a verified token is remembered, in milliseconds; 0 for not at all. */
  readonly tokenCacheTtlMs: number
  readonly healthAddress: HealthAddress
  /** The file of decisions; null for none. */
  readonly auditLogPath: string | null
  /** How many calls of EC2 DescribeInstances may be made in a second, and how many at once. */
  readonly ec2: { readonly qps: number; readonly burst: number }
  /** The memory limit, in bytes, that is in force for the process; null for none. */
  readonly memoryLimit?: number | null
}

/** The world around the server. */
export interface ServerSurroundings {
  readonly log: Log
  readonly now: () => Date
  /** The program of worker threads: `document-worker.ts`, or one that posts what `answerDocumentTask` returns. */
  readonly workerProgram: string | URL
  readonly userAgent: string
  readonly build: Build
  /** Connections to AWS. */
  readonly aws: Dispatcher
  /** The region this server runs in: asked in the background, so that the start never waits for it. */
  readonly lookUpRegion: () => Promise<string | null>
  /** Where and as whom EC2 is asked; called only where a mapping needs EC2. */
  readonly ec2Access: () => Promise<Ec2Access>
  /** The API server whose aws-auth is followed; asked for only where a backend needs it. */
  readonly kubernetes: () => Promise<KubernetesCluster>
  readonly connectKubernetes: ConnectKubernetes
  /** Told of the first TokenReview: what runs from now on runs again and again. */
  readonly firstAsked: () => void
}

/** A server that listens. */
export interface RunningServer {
  readonly port: number
  /** Opens the audit log anew, after its file was renamed; without effect where there is none. */
  reopenAuditLog(): void
  /** Stops: no new connections, an answer to what is in flight, 5 s at most. */
  stop(): Promise<void>
}

/**
 * Starts the webhook server.
 *
 * @throws {FileError} The TLS pair or the webhook kubeconfig can't be read or written.
 * @throws {ConfigurationError} A backend has no API server to ask.
 */
export async function startServer(settings: ServerSettings, surroundings: ServerSurroundings): Promise<RunningServer> {
  const { log, now, aws, userAgent } = surroundings
  const { clusterId, partition, address, port } = settings

  const files = await prepareNodeFiles({ ...settings, log, now })
  const metrics = createMetrics(now)
  if (typeof settings.memoryLimit === 'number') metrics.memoryLimited(settings.memoryLimit)
  const connect = async (): Promise<KubernetesApi> => {
    const cluster = await surroundings.kubernetes()
    if (cluster.tls.rejectUnauthorized === false) {
      log.warn('the kubeconfig has insecure-skip-tls-verify: whoever is in between decides who is admin', {
        server: cluster.server,
      })
    }
    return createKubernetesApi(cluster, surroundings.connectKubernetes, userAgent)
  }
  const { backendModes, backendModePath, mappings, gates, dynamicFile } = settings
  const operations = createOperations({
    registry: metrics.registry,
    build: surroundings.build,
    clusterId,
    partition: partition.id,
    auditLogPath: settings.auditLogPath,
    snapshots: () => backends.current().map((backend) => backend.snapshot()),
    log,
    now,
  })
  const reader = createDocumentReader(surroundings.workerProgram)
  const backends = createBackendSet({
    create: (mode) =>
      createBackend(mode, {
        mappings,
        gates,
        dynamicFile,
        reader,
        log,
        now,
        metrics,
        changed: operations.backendChanged,
        connect,
      }),
    log,
    replaced: metrics.backendsReplaced,
  })
  await backends.replace(backendModes)
  const backendModeFile =
    backendModePath === null
      ? null
      : createBackendModeFile({
          path: backendModePath,
          backends,
          configured: backendModes,
          log,
          reloaded: (updatedAt) => metrics.dynamicallyReloaded('dynamic_backend_mode', updatedAt),
          problemsFound: metrics.mappingProblems,
        })
  await backendModeFile?.start()
  let serverRegion: string | null = null
  const sts = createStsVerifier({
    dispatcher: aws,
    clusterId,
    userAgent,
    partition,
    serverRegion: () => serverRegion,
    stsRegions: settings.stsRegions,
    tokenCacheTtlMs: settings.tokenCacheTtlMs,
    metrics,
    watch: operations.watchSts,
    now,
    timing: realTiming,
  })
  void surroundings
    .lookUpRegion()
    .then((region) => (serverRegion = region))
    .catch(() => log.debug('the region of this server is not known'))
    .finally(() => sts.keepWarm())

  const lookUpPrivateDnsName = createEc2Lookup({
    ...settings.ec2,
    dispatcher: aws,
    access: surroundings.ec2Access,
    userAgent,
    now,
    called: metrics.ec2DescribeInstancesCalled,
  })
  const logRefusal = createRefusalLog(log, realTiming.now)
  const authenticate = createAuthenticate({
    verify: sts.verify,
    indexes: () => backends.current().map((backend) => backend.snapshot().index),
    map: createMapper(() => backends.current(), settings.reservedPrefixes, lookUpPrivateDnsName),
    nearestMisses: createNearestMisses(() => backends.current(), mappings),
    scrubbedAccounts: settings.scrubbedAccounts,
    apiAudiences: settings.apiAudiences,
    log,
    logRefusal,
    foreignToken: createForeignTokens(log, realTiming.now, metrics.load.foreignToken),
    decided: (decision) => {
      operations.decided(decision)
      sts.decided(decision)
    },
  })
  let isAsked = false
  const webhook = createWebhook({
    pair: files.pair,
    authenticate: (review, origin, client) => {
      if (!isAsked) surroundings.firstAsked()
      isAsked = true
      return authenticate(review, origin, client)
    },
    metrics,
    log,
    logRefusal,
    refusalStatus: settings.refusalStatus,
    checks: operations.checks,
    status: operations.status,
  })

  let certificate: CertificateFollower | null = null
  let health: HealthServer | null = null
  const stop = async (): Promise<void> => {
    operations.stopping()
    const closed = webhook.close()
    const givenUp = await Promise.race([closed.then(() => false), sleep(STOP_TIMEOUT_MS, true, { ref: false })])
    sts.stop()
    if (givenUp) log.warn('requests are given up without an answer', { requests: webhook.unanswered() })
    await Promise.all([certificate?.stop(), backendModeFile?.stop()])
    await Promise.all([health?.close(), aws.destroy(), backends.stop(), operations.stop()])
  }

  try {
    const listeningPort = await webhook.listen(address, port)
    const pair = await files.write()
    webhook.usePair(pair)
    certificate = followCertificate({
      ...files,
      pair,
      log,
      now,
      expires: operations.certificateExpires,
      replaced: async (next, before) => {
        webhook.usePair(next)
        log.info('took over the new TLS pair', { stateDir: settings.stateDir })
        await checkKubeconfigTrust(next, before, { ...settings, log })
      },
    })
    operations.serves(certificate)
    certificate.start()
    health = await startHealthServer(settings.healthAddress, operations.checks, log)
    log.info('listening', {
      url: `https://${address.includes(':') ? `[${address}]` : address}:${listeningPort}/authenticate`,
      clusterid: clusterId,
      partition: partition.id,
      backends: backends.current().map((backend) => backend.snapshot().mode),
    })
    return { port: listeningPort, reopenAuditLog: operations.reopenAuditLog, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
