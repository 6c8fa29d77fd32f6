import type { AwsAccess } from '@aws-iam-authenticator/client/aws-access'
import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { KubernetesCluster } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { startServer } from '@aws-iam-authenticator/server/server'
import type { Dispatcher } from 'undici'
import type { Command, CommandContext } from '../command-line/command.ts'
import { memoryWarning, readMemoryLimit } from '../server/memory-limit.ts'
import { FEATURE_GATES } from '../command-line/global-options.ts'
import {
  ADDRESS,
  API_AUDIENCES,
  AUDIT_LOG,
  BACKEND_MODE,
  BACKEND_PATHS,
  DYNAMIC_BACKEND_MODE_PATH,
  DYNAMIC_FILE_USER_ID_STRICT,
  EC2_BURST,
  EC2_QPS,
  EC2_ROLE_ARN,
  GENERATE_KUBECONFIG,
  HEALTH_ADDRESS,
  KEY_TYPE,
  KUBECONFIG,
  KUBECONFIG_PREGENERATED,
  MASTER,
  METRICS_ADDRESS,
  PARTITION,
  PORT,
  REFUSAL_STATUS,
  SCRUBBED_ACCOUNTS,
  SERVER_HOSTNAME,
  SERVER_OPTIONS,
  SOURCE_ARN,
  STATE_DIR,
} from '../command-line/server-options.ts'
import { STS_REGIONS, TOKEN_CACHE_TTL } from '../command-line/sts-options.ts'
import { lookUpRegion } from '../server/look-up-region.ts'
import { writeBanner } from '../server/banner.ts'
import { createRuntime } from '../server/runtime.ts'
import { requireServerConfiguration } from '../server/server-configuration.ts'
import { COMMIT, USER_AGENT, VERSION } from '../release/version.ts'

/** Resolves with the name of the first SIGTERM or SIGINT. The second one ends the process at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}

/**
 * Returns access to EC2 with the server's own credentials or, if configured, an assumed role. Credentials and region are
 * found on the first call.
 */
function createEc2Access(context: CommandContext, dispatcher: Dispatcher): () => Promise<AwsAccess> {
  const { setting, environment, now } = context
  const roleArn = setting(EC2_ROLE_ARN)
  const sourceArn = setting(SOURCE_ARN)
  const headers: Record<string, string> =
    sourceArn === null ? {} : { 'x-amz-source-arn': sourceArn, 'x-amz-source-account': sourceArn.split(':')[4] ?? '' }
  const region = async (): Promise<string> => {
    try {
      return await lookUpRegion(context)
    } catch (cause) {
      throw new ConfigurationError('the region of this server is not known: set server.region or AWS_REGION', [], {
        cause,
      })
    }
  }
  let access: (() => Promise<AwsAccess>) | undefined
  return async () => {
    const { createAwsAccess } = await import('@aws-iam-authenticator/client/aws-access')
    access ??= createAwsAccess({
      environment,
      region,
      dispatcher,
      role: roleArn === null ? undefined : { arn: roleArn, headers },
      now,
    })
    return access()
  }
}

/** Finds the API server: by the kubeconfig, else by its URL alone, else by the service account of the pod. */
async function findCluster({ setting, environment }: CommandContext): Promise<KubernetesCluster> {
  const kubeconfig = setting(KUBECONFIG)
  const master = setting(MASTER)
  if (kubeconfig !== null) {
    const { fromKubeconfig } = await import('@aws-iam-authenticator/kubernetes/kubeconfig/kubeconfig')
    return fromKubeconfig(kubeconfig, master)
  }
  if (master !== null) {
    const { anonymousCluster } = await import('@aws-iam-authenticator/kubernetes/api/anonymous')
    return anonymousCluster(master, environment)
  }
  const { inCluster } = await import('@aws-iam-authenticator/kubernetes/api/in-cluster')
  return inCluster(environment)
}

type ServerConfiguration = Parameters<typeof startServer>[0]

/** The server's configuration, from the settings of the command. */
function configurationOf(
  { setting, configuration }: CommandContext,
  clusterId: string,
  memoryLimit: number | null,
): ServerConfiguration {
  const partition = findPartition(setting(PARTITION))
  if (partition === undefined) throw new TypeError('a partition without a definition')
  return {
    clusterId,
    partition,
    address: setting(ADDRESS),
    port: setting(PORT),
    hostname: setting(SERVER_HOSTNAME),
    keyType: setting(KEY_TYPE),
    stateDir: setting(STATE_DIR),
    kubeconfigPath: setting(GENERATE_KUBECONFIG),
    kubeconfigPregenerated: setting(KUBECONFIG_PREGENERATED),
    backendModes: setting(BACKEND_MODE).modes,
    backendModePath: setting(DYNAMIC_BACKEND_MODE_PATH),
    backendPaths: new Map(
      [...BACKEND_PATHS].flatMap(([mode, option]) => {
        const path = setting(option)
        return path === null ? [] : [[mode, path] as const]
      }),
    ),
    dynamicFileUserIdStrict: setting(DYNAMIC_FILE_USER_ID_STRICT),
    mappings: configuration.mappings,
    reservedPrefixes: configuration.reservedPrefixes,
    webIdentity: configuration.webIdentity,
    gates: { sso: setting(FEATURE_GATES).SSORoleMatch, rolePaths: setting(FEATURE_GATES).RolePathMatch },
    scrubbedAccounts: setting(SCRUBBED_ACCOUNTS),
    apiAudiences: setting(API_AUDIENCES),
    refusalStatus: setting(REFUSAL_STATUS),
    stsRegions: setting(STS_REGIONS),
    tokenCacheTtlMs: setting(TOKEN_CACHE_TTL),
    healthAddress: setting(HEALTH_ADDRESS),
    metricsAddress: setting(METRICS_ADDRESS),
    auditLogPath: setting(AUDIT_LOG),
    ec2: { qps: setting(EC2_QPS), burst: setting(EC2_BURST) },
    memoryLimit,
  }
}

export const server: Command = {
  name: 'server',
  summary: 'Run a webhook server that validates tokens using AWS IAM',
  description:
    'Answers the TokenReviews of the Kubernetes API server: verifies tokens with AWS STS and maps who signed them to ' +
    'Kubernetes users. Runs on each control-plane node.',
  examples: [
    'aws-iam-authenticator server --config=/etc/aws-iam-authenticator/config.yaml',
    'aws-iam-authenticator server -i my-cluster --backend-mode=EKSConfigMap,MountedFile -c config.yaml',
  ],
  options: SERVER_OPTIONS,
  logsMuch: true,
  reportsConfiguration: true,
  run: async (context) => {
    const { setting, environment, log, now } = context
    writeBanner(context)
    // Warn before anything else allocates memory: the kernel may kill this process early.
    const memoryLimit = readMemoryLimit()
    const memory = memoryWarning(memoryLimit)
    if (memory !== null) log.warn(memory.message, memory.fields)
    const clusterId = requireServerConfiguration(context)
    for (const warning of setting(BACKEND_MODE).warnings) log.warn(warning)

    const stopped = stopSignal()
    const { startServer: start } = await import('@aws-iam-authenticator/server/server')
    const { createDispatcher, connectWith } = await import('@aws-iam-authenticator/network/connect/dispatcher')
    const aws = await createDispatcher({ environment })
    const runtime = createRuntime()
    const running = await start(configurationOf(context, clusterId, memoryLimit), {
      log,
      now,
      // This program: in a worker thread, main.ts answers the task.
      workerProgram: process.argv[1] ?? '',
      userAgent: USER_AGENT,
      build: { version: VERSION, commit: COMMIT },
      aws,
      lookUpRegion: () => lookUpRegion(context),
      ec2Access: createEc2Access(context, aws),
      kubernetes: () => findCluster(context),
      connectKubernetes: (tls) => connectWith(environment, tls),
      onFirstTokenReview: () => runtime.asked(),
    })
    runtime.started()
    if (setting(AUDIT_LOG) !== null) process.on('SIGHUP', () => running.reopenAuditLog())
    log.info('stopping', { signal: await stopped })
    await running.stop().catch((error: unknown) => log.error('the stop was not clean', { error: messageOf(error) }))
    log.info('stopped')
    return 0
  },
}
