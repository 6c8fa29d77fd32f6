import { suggestMapping } from '@aws-iam-authenticator/core/mapping/suggest-mapping'
import { createKubernetesApi, type KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { Registry } from 'prom-client'
import { createBackendModeFile } from './backends/backend-mode-file.ts'
import { createBackendSet, type BackendSet } from './backends/backend-set.ts'
import { createBackend, reportBackendList } from './backends/create-backend.ts'
import { createDocumentReader } from './backends/document-reader.ts'
import type { FollowedFile } from './backends/follow-file.ts'
import type { JwtLogin } from './login/create-jwt-login.ts'
import { createUnaskedMappings } from './backends/mounted-file.ts'
import { createEc2Lookup } from './ec2/lookup.ts'
import { createWebhook, type Webhook } from './http/webhook.ts'
import { createRefusalLog, type LogRefusal } from './log/bounded-refusals.ts'
import { createAuthenticate, type Authenticate } from './login/authenticate.ts'
import type { OnDecision } from './login/decision.ts'
import { createForeignTokens } from './login/foreign-tokens.ts'
import { createMapper, createNearestMisses } from './login/map.ts'
import { createMetrics, type Metrics } from './metrics/metrics.ts'
import { createOperations, type Operations } from './observe/operations.ts'
import type { ServerSettings, ServerSurroundings } from './settings.ts'
import { createStsVerifier, type StsVerifier } from './login/create-sts-verifier.ts'
import { prepareNodeFiles, type NodeFiles } from './tls/node-files.ts'
import { realTiming } from './util/timing.ts'

/** The input of every part, and the two parts that all others report to. */
interface Context {
  readonly settings: ServerSettings
  readonly surroundings: ServerSurroundings
  readonly metrics: Metrics
  readonly operations: Operations
}

/** The parts of a server that does not listen yet. */
export interface Parts {
  readonly files: NodeFiles
  readonly operations: Operations
  readonly registry: Registry
  readonly backends: BackendSet
  /** Null if the list of backends is fixed. */
  readonly backendModeFile: FollowedFile | null
  readonly sts: StsVerifier
  /** Null if no JWT is accepted. */
  readonly jwt: JwtLogin | null
  readonly webhook: Webhook
}

/** Connects to the API server, once for each backend. */
async function connectKubernetes(surroundings: ServerSurroundings): Promise<KubernetesApi> {
  const cluster = await surroundings.kubernetes()
  if (cluster.tls.rejectUnauthorized === false) {
    surroundings.log.warn('the kubeconfig has insecure-skip-tls-verify: a man in the middle can decide who is admin', {
      server: cluster.server,
    })
  }
  return createKubernetesApi(cluster, surroundings.connectKubernetes, surroundings.userAgent)
}

function assembleBackends({ settings, surroundings, metrics, operations }: Context): BackendSet {
  const { log, now, workerProgram } = surroundings
  const reader = createDocumentReader(workerProgram)
  const connect = (): Promise<KubernetesApi> => connectKubernetes(surroundings)
  const onChanged = operations.backendChanged
  const options = { settings, paths: settings.backendPaths, connect, reader, log, now, metrics, onChanged }
  return createBackendSet({
    create: (mode) => createBackend(mode, options),
    log,
    onReplaced: (modes) => reportBackendList(modes, metrics),
  })
}

/** Starts the configured backends, then follows the file that may replace their list. */
async function startBackends(
  { settings, surroundings, metrics, operations }: Context,
  backends: BackendSet,
): Promise<FollowedFile | null> {
  const { backendModes, backendModePath } = settings
  await backends.replace(backendModes)
  if (backendModePath === null) return null
  const file = createBackendModeFile({
    path: backendModePath,
    backends,
    configured: backendModes,
    log: surroundings.log,
    onReloaded: (updatedAt) => metrics.dynamicallyReloaded('dynamic_backend_mode', updatedAt),
    onChanged: (errors, fault) => {
      metrics.mappingProblems(backendModePath, errors.count)
      operations.backendModeFileChanged(errors, fault)
    },
  })
  await file.start()
  return file
}

/** Creates the verifier of tokens, and finds the server's own region in the background. */
function assembleSts({ settings, surroundings, metrics, operations }: Context): StsVerifier {
  const { clusterId, partition, stsRegions, tokenCacheTtlMs } = settings
  const { aws, log, lookUpRegion, now, userAgent } = surroundings
  let serverRegion: string | null = null
  const sts = createStsVerifier({
    dispatcher: aws,
    clusterId,
    userAgent,
    partition,
    serverRegion: () => serverRegion,
    stsRegions,
    tokenCacheTtlMs,
    metrics,
    watch: operations.watchSts,
    onBadAnswer: operations.badStsAnswer,
    now,
    timing: realTiming,
  })
  void lookUpRegion()
    .then((region) => (serverRegion = region))
    .catch(() => log.debug('the region of this server is not known'))
    .finally(() => sts.keepWarm())
  return sts
}

/** Creates the verifier of JWTs and starts to read the keys of their issuers. Its code is loaded only if a JWT is accepted. */
async function assembleJwt({ settings, surroundings, metrics }: Context): Promise<JwtLogin | null> {
  const { webIdentity } = settings
  if (webIdentity === null) return null
  const { createJwtLogin } = await import('./login/create-jwt-login.ts')
  const jwt = createJwtLogin({
    ...settings,
    ...surroundings,
    settings: webIdentity,
    dispatcher: surroundings.aws,
    timing: realTiming,
    onRecalled: metrics.load.recalled,
    onKeysRead: metrics.signingKeysRead,
  })
  jwt.start()
  return jwt
}

/** Reports each decision to all parts that record decisions. */
function assembleOnDecision({ surroundings, metrics, operations }: Context, sts: StsVerifier): OnDecision {
  const foreignToken = createForeignTokens(surroundings.log, realTiming.now, metrics.load.foreignToken)
  return (decision) => {
    metrics.decided(decision.reason, decision.latencyMs / 1000)
    if (decision.subject === 'foreign_token') foreignToken()
    operations.decided(decision)
    sts.decided(decision)
  }
}

/** The parts that log and record decisions. */
interface Reporting {
  readonly logRefusal: LogRefusal
  readonly onDecision: OnDecision
}

function assembleLogin(
  { settings, surroundings, metrics, operations }: Context,
  backends: BackendSet,
  { sts, jwt }: Pick<Parts, 'sts' | 'jwt'>,
  reporting: Reporting,
): Authenticate {
  const { log, aws, ec2Access, userAgent, now } = surroundings
  const lookUpPrivateDnsName = createEc2Lookup({
    ...settings.ec2,
    dispatcher: aws,
    access: ec2Access,
    userAgent,
    now,
    onCall: metrics.ec2DescribeInstancesCalled,
  })
  return createAuthenticate({
    verify: sts.verify,
    verifyJwt: jwt?.verify ?? null,
    indexes: () => backends.current().map((backend) => backend.snapshot().index),
    map: createMapper(() => backends.current(), settings.reservedPrefixes, operations.watchEc2(lookUpPrivateDnsName)),
    suggestMapping: (identity) =>
      suggestMapping(
        identity,
        backends.current().map((backend) => backend.snapshot().mode),
      ),
    nearestMisses: createNearestMisses(() => backends.current(), createUnaskedMappings(settings.mappings)),
    scrubbedAccounts: settings.scrubbedAccounts,
    apiAudiences: settings.apiAudiences,
    log,
    ...reporting,
  })
}

/** Wraps a function to call `onFirst` before its first login. */
function notifyFirst(authenticate: Authenticate, onFirst: () => void): Authenticate {
  let isAsked = false
  return (login, origin, client) => {
    if (!isAsked) onFirst()
    isAsked = true
    return authenticate(login, origin, client)
  }
}

/**
 * Creates the parts of a server and starts its backends.
 *
 * @throws {FileError} The TLS pair can't be read.
 * @throws {ConfigurationError} A backend has no API server.
 */
export async function assemble(settings: ServerSettings, surroundings: ServerSurroundings): Promise<Parts> {
  const { log, now, build } = surroundings
  const files = await prepareNodeFiles({ ...settings, log, now })
  const metrics = createMetrics(now)
  if (typeof settings.memoryLimit === 'number') metrics.memoryLimited(settings.memoryLimit)
  const operations = createOperations({
    registry: metrics.registry,
    build,
    clusterId: settings.clusterId,
    partition: settings.partition.id,
    auditLogPath: settings.auditLogPath,
    backendModePath: settings.backendModePath,
    snapshots: () => backends.current().map((backend) => backend.snapshot()),
    signingKeys: () => jwt?.report() ?? [],
    log,
    now,
  })
  const context = { settings, surroundings, metrics, operations }
  const backends = assembleBackends(context)
  const backendModeFile = await startBackends(context, backends)
  const sts = assembleSts(context)
  const jwt = await assembleJwt(context)
  const reporting = {
    logRefusal: createRefusalLog(log, realTiming.now),
    onDecision: assembleOnDecision(context, sts),
  }
  const authenticate = assembleLogin(context, backends, { sts, jwt }, reporting)
  const webhook = createWebhook({
    pair: files.pair,
    authenticate: notifyFirst(authenticate, surroundings.onFirstTokenReview),
    metrics,
    log,
    ...reporting,
    refusalStatus: settings.refusalStatus,
    checks: operations.checks,
    onHandshakeFailed: operations.handshakeFailed,
    status: operations.status,
  })
  return { files, operations, registry: metrics.registry, backends, backendModeFile, sts, jwt, webhook }
}
