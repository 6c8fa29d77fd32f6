import {
  BACKEND_MODES,
  BACKENDS,
  parseBackendModes,
  type BackendMode,
  type BackendModes,
} from '@aws-iam-authenticator/core/mapping/backend-mode'
import { partitions, type PartitionId } from '@aws-iam-authenticator/core/aws/partition'
import { readHostAndPort } from './host-and-port.ts'
import { choice, COMMAS_OR_BLANKS, flag, integer, list, text, textOr, type Option } from './option.ts'
import { STS_REGIONS, TOKEN_CACHE_TTL } from './sts-options.ts'

const PORTS = { minimum: 0, maximum: 65_535 }
const RATES = { minimum: -1_000_000_000, maximum: 1_000_000_000 }
const ACCOUNT_ID = /^\d{12}$/

export const PARTITION: Option<PartitionId> = choice<PartitionId>(
  {
    flag: 'partition',
    keys: ['server.partition'],
    choices: partitions.map(({ id }) => id),
    description: 'The AWS partition whose STS endpoints are accepted',
  },
  'aws',
)
export const ADDRESS: Option<string> = textOr('127.0.0.1', {
  flag: 'address',
  keys: ['server.address'],
  description: 'IP Address to bind the server to listen to, and a name of the certificate',
})
export const HOSTNAME: Option<string> = textOr('localhost', {
  flag: 'hostname',
  keys: ['server.hostname'],
  description: "Hostname that should be used for the server, as in the webhook kubeconfig's URL and the certificate",
})
/** The hostname for `server`, which reads it from the configuration file only. */
export const SERVER_HOSTNAME: Option<string> = { ...HOSTNAME, flag: null }
export const PORT: Option<number> = integer(
  { flag: 'port', keys: ['server.port'], ...PORTS, description: 'Port to bind the server to listen to' },
  21_362,
)
export const KEY_TYPE: Option<'rsa' | 'ecdsa'> = choice<'rsa' | 'ecdsa'>(
  {
    flag: 'key-type',
    keys: ['server.keyType'],
    choices: ['rsa', 'ecdsa'],
    description: 'Type of a generated private key, RSA with 2048 bits or ECDSA with P-256',
  },
  'rsa',
)
export const STATE_DIR: Option<string> = textOr('/var/aws-iam-authenticator', {
  flag: 'state-dir',
  keys: ['server.stateDir'],
  description: 'State directory for generated certificate and private key (should be a hostPath mount)',
})
export const GENERATE_KUBECONFIG: Option<string> = textOr('/etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml', {
  flag: 'generate-kubeconfig',
  keys: ['server.generateKubeconfig'],
  file: true,
  description: 'Output path where a generated webhook kubeconfig will be stored',
})
export const KUBECONFIG_PREGENERATED: Option<boolean> = flag({
  flag: 'kubeconfig-pregenerated',
  keys: ['server.kubeconfigPregenerated'],
  description: 'Leave the webhook kubeconfig alone: it is there already',
})
export const KUBECONFIG: Option<string | null> = text({
  flag: 'kubeconfig',
  keys: ['server.kubeconfig'],
  file: true,
  description: 'kubeconfig file path to follow aws-auth by, instead of the in-cluster service account',
})
export const MASTER: Option<string | null> = text({
  flag: 'master',
  keys: ['server.master'],
  description:
    "URL of the Kubernetes API server, in place of the kubeconfig's. Without --kubeconfig it is asked without credentials",
})
export const BACKEND_MODE: Option<BackendModes> = list<BackendModes>(
  {
    flag: 'backend-mode',
    keys: ['server.backendMode'],
    read: parseBackendModes,
    separator: COMMAS_OR_BLANKS,
    choices: BACKEND_MODES,
    shownDefault: '[MountedFile]',
    description: 'Ordered list of backends to get mappings from. The first one that returns a matching mapping wins',
  },
  { modes: ['MountedFile'], warnings: [] },
)
export const EC2_QPS: Option<number> = integer(
  {
    flag: 'ec2-describeInstances-qps',
    keys: ['server.ec2DescribeInstancesQps'],
    ...RATES,
    description: 'AWS EC2 rate limiting with qps; 0 or less for no limit',
  },
  15,
)
export const EC2_BURST: Option<number> = integer(
  {
    flag: 'ec2-describeInstances-burst',
    keys: ['server.ec2DescribeInstancesBurst'],
    ...RATES,
    description: 'AWS EC2 rate limiting with burst; 0 or less for no limit',
  },
  5,
)
const ARN_FIELDS: readonly RegExp[] = [/^arn$/, /^[\w-]+$/, /^[\w-]+$/, /^[\w-]*$/, /^\d{12}$/, /./]

function isArnWithAccount(written: string): boolean {
  const fields = written.split(':')
  return ARN_FIELDS.every((form, index) => form.test(fields[index] ?? ''))
}

function arn(named: { readonly keys: readonly string[]; readonly description: string }): Option<string | null> {
  return {
    ...text({ flag: null, ...named }),
    parse: ([written = '']) => {
      if (written === '') return null
      if (!isArnWithAccount(written)) throw new TypeError(`"${written}" is not an ARN with an account id`)
      return written
    },
  }
}
export const EC2_ROLE_ARN: Option<string | null> = arn({
  keys: ['server.ec2DescribeInstancesRoleARN'],
  description: 'The role to assume before EC2 is asked for private DNS names',
})
export const SOURCE_ARN: Option<string | null> = arn({
  keys: ['server.sourceARN'],
  description: 'The ARN sent as x-amz-source-arn, and its account as x-amz-source-account, when that role is assumed',
})
/** The paths of the backends that read a file of their own. */
export const BACKEND_PATHS: ReadonlyMap<BackendMode, Option<string | null>> = new Map(
  BACKENDS.flatMap(({ mode, path }) => {
    if (path === undefined) return []
    return [[mode, text({ flag: null, keys: [`server.${path.key}`], description: path.description })] as const]
  }),
)
export const DYNAMIC_FILE_USER_ID_STRICT: Option<boolean> = flag({
  flag: null,
  keys: ['server.dynamicfileUserIDStrict'],
  description: 'Find entries of that file by user id',
})
export const DYNAMIC_BACKEND_MODE_PATH: Option<string | null> = text({
  flag: null,
  keys: ['server.dynamicBackendModePath'],
  description: 'A JSON file with a list of backends that replaces the configured one while the server runs',
})
export const REGION: Option<string | null> = text({
  flag: null,
  keys: ['server.region'],
  description: 'The region this server runs in',
})
export const REFUSAL_STATUS: Option<200 | 403> = {
  ...integer(
    { flag: null, keys: ['server.refusalStatus'], minimum: 200, maximum: 403, description: 'Status of a refusal' },
    200,
  ),
  fallback: 200,
  parse: ([written]) => {
    if (written === '200') return 200
    if (written === '403') return 403
    throw new TypeError(`"${written ?? ''}" is neither 200 nor 403`)
  },
}
export const HEALTH_ADDRESS: Option<{ readonly host: string | null; readonly port: number }> = {
  ...textOr(':21363', {
    flag: null,
    keys: ['server.healthAddress'],
    description: 'host:port of the health checks in plain HTTP; without a host every address, port 0 switches them off',
  }),
  fallback: { host: null, port: 21_363 },
  parse: ([written = '']) => readHostAndPort(written),
}
export const METRICS_ADDRESS: Option<{ readonly host: string | null; readonly port: number } | null> = {
  ...text({
    flag: null,
    keys: ['server.metricsAddress'],
    description: 'host:port of /metrics in plain HTTP; without a host every address',
  }),
  fallback: null,
  parse: ([written = '']) => (written === '' ? null : readHostAndPort(written)),
}
export const AUDIT_LOG: Option<string | null> = text({
  flag: null,
  keys: ['server.auditLog'],
  description: 'The file that each decision is appended to as a line of JSON',
})
export const SCRUBBED_ACCOUNTS: Option<ReadonlySet<string>> = list<ReadonlySet<string>>(
  {
    flag: null,
    keys: ['server.scrubbedAccounts'],
    separator: COMMAS_OR_BLANKS,
    read: (accounts) => {
      const wrong = accounts.find((account) => !ACCOUNT_ID.test(account))
      if (wrong !== undefined) throw new TypeError(`"${wrong}" is not an account id: write its 12 digits in quotes`)
      return new Set(accounts)
    },
    description: 'Accounts whose ARNs and ids are neither logged nor sent to the API server',
  },
  new Set<string>(),
)
export const API_AUDIENCES: Option<readonly string[] | null> = list<readonly string[] | null>(
  {
    flag: null,
    keys: ['server.apiAudiences'],
    separator: COMMAS_OR_BLANKS,
    read: (audiences) => (audiences.length > 0 ? audiences : null),
    description: "The API server's --api-audiences",
  },
  null,
)

/** The options that both `server` and `init` validate, so that `init` reports mistakes first. */
export const SERVER_OPTIONS: readonly Option<unknown>[] = [
  PARTITION,
  ADDRESS,
  SERVER_HOSTNAME,
  PORT,
  KEY_TYPE,
  STATE_DIR,
  GENERATE_KUBECONFIG,
  KUBECONFIG_PREGENERATED,
  KUBECONFIG,
  MASTER,
  BACKEND_MODE,
  EC2_QPS,
  EC2_BURST,
  EC2_ROLE_ARN,
  SOURCE_ARN,
  ...BACKEND_PATHS.values(),
  DYNAMIC_FILE_USER_ID_STRICT,
  DYNAMIC_BACKEND_MODE_PATH,
  REGION,
  REFUSAL_STATUS,
  HEALTH_ADDRESS,
  METRICS_ADDRESS,
  AUDIT_LOG,
  SCRUBBED_ACCOUNTS,
  API_AUDIENCES,
  STS_REGIONS,
  TOKEN_CACHE_TTL,
]

const SECTION = 'server.'

/** The keys of `server` that are settings. */
export const SERVER_KEYS: readonly string[] = SERVER_OPTIONS.flatMap(({ keys = [] }) => keys)
  .filter((key) => key.startsWith(SECTION))
  .map((key) => key.slice(SECTION.length))
