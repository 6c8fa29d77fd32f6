/**
 * Every setting of every subcommand, as existing manifests, scripts and configuration files name it. Written by hand:
 * the tests compare the product's tables of options with it.
 */
export interface SettingRow {
  /** The name of the subcommand; empty for the options of every subcommand. */
  readonly command: string
  /** null if only the configuration file has the setting. */
  readonly flag: string | null
  readonly short?: string
  readonly environment?: string
  /** The first one that is set wins. */
  readonly keys?: readonly string[]
  readonly fallback: unknown
  /** Valid texts for the flag, the environment and the file, with their values. */
  readonly good: readonly [Written, Written, Written]
  /** An invalid text; undefined if every text is valid. */
  readonly bad?: string
}

type Written = readonly [text: string, value: unknown]
type Names = Omit<SettingRow, 'command' | 'fallback' | 'good' | 'bad'>

function row(command: string, names: Names, fallback: unknown, good: SettingRow['good'], bad?: string): SettingRow {
  return { command, ...names, fallback, good, ...(bad === undefined ? {} : { bad }) }
}

function text(command: string, names: Names, fallback: string | null = null): SettingRow {
  return row(command, names, fallback, [
    ['of-the-flag', 'of-the-flag'],
    ['of-the-environment', 'of-the-environment'],
    ['of-the-file', 'of-the-file'],
  ])
}

function truth(command: string, names: Names, fallback: boolean | null = false): SettingRow {
  const good: SettingRow['good'] = [
    [String(!fallback), !fallback],
    ['f', false],
    ['T', true],
  ]
  return row(command, names, fallback, good, 'perhaps')
}

function count(command: string, names: Names, fallback: number): SettingRow {
  const good: SettingRow['good'] = [
    ['7', 7],
    ['8', 8],
    ['9', 9],
  ]
  return row(command, names, fallback, good, 'many')
}

function oneOf(
  command: string,
  names: Names,
  fallback: string,
  ...texts: readonly [string, string, string]
): SettingRow {
  const [first, second, third] = texts
  const good: SettingRow['good'] = [
    [first, first],
    [second, second],
    [third, third],
  ]
  return row(command, names, fallback, good, 'nonsense')
}

const gates = (open: Readonly<Record<string, boolean>>): Readonly<Record<string, boolean>> => ({
  ConfiguredInitDirectories: false,
  IAMIdentityMappingCRD: false,
  RolePathMatch: false,
  SSORoleMatch: false,
  ...open,
})
const modes = (...names: readonly string[]): unknown => ({ modes: names, warnings: [] })

function backendModes(command: string): SettingRow {
  const good: SettingRow['good'] = [
    ['EKSConfigMap,MountedFile', modes('EKSConfigMap', 'MountedFile')],
    ['CRD', modes('CRD')],
    ['DynamicFile,CRD', modes('DynamicFile', 'CRD')],
  ]
  return row(command, { flag: 'backend-mode', keys: ['server.backendMode'] }, modes('MountedFile'), good, 'CRD,CRD')
}

export const settings: readonly SettingRow[] = [
  text('', { flag: 'config', short: 'c' }),
  text('', {
    flag: 'cluster-id',
    short: 'i',
    environment: 'KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID',
    keys: ['clusterID'],
  }),
  text('', { flag: 'log-format', short: 'l' }, 'text'),
  oneOf(
    '',
    { flag: 'log-verbosity', short: 'v', environment: 'AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY', keys: ['log-verbosity'] },
    'info',
    'debug',
    'error',
    'trace',
  ),
  row(
    '',
    { flag: 'feature-gates', keys: ['feature-gates'] },
    gates({}),
    [
      ['SSORoleMatch=true', gates({ SSORoleMatch: true })],
      ['AllAlpha=true,SSORoleMatch=false', gates({ ConfiguredInitDirectories: true, IAMIdentityMappingCRD: true })],
      ['AllBeta=true', gates({})],
    ],
    'Nonsense=true',
  ),
  truth('', { flag: 'help', short: 'h' }),
  truth('', { flag: 'version' }),

  text('init', { flag: 'hostname', keys: ['server.hostname'] }, 'localhost'),
  text('init', { flag: 'address', keys: ['server.address'] }, '127.0.0.1'),
  oneOf('init', { flag: 'key-type', keys: ['server.keyType'] }, 'rsa', 'ecdsa', 'rsa', 'ecdsa'),
  truth('init', { flag: 'force' }),

  oneOf('server', { flag: 'partition', keys: ['server.partition'] }, 'aws', 'aws-cn', 'aws-iso', 'aws-us-gov'),
  text('server', { flag: 'address', keys: ['server.address'] }, '127.0.0.1'),
  count('server', { flag: 'port', keys: ['server.port'] }, 21_362),
  oneOf('server', { flag: 'key-type', keys: ['server.keyType'] }, 'rsa', 'ecdsa', 'rsa', 'ecdsa'),
  text('server', { flag: 'state-dir', keys: ['server.stateDir'] }, '/var/aws-iam-authenticator'),
  text(
    'server',
    { flag: 'generate-kubeconfig', keys: ['server.generateKubeconfig'] },
    '/etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml',
  ),
  truth('server', { flag: 'kubeconfig-pregenerated', keys: ['server.kubeconfigPregenerated'] }),
  text('server', { flag: 'kubeconfig', keys: ['server.kubeconfig'] }),
  text('server', { flag: 'master', keys: ['server.master'] }),
  backendModes('server'),
  count('server', { flag: 'ec2-describeInstances-qps', keys: ['server.ec2DescribeInstancesQps'] }, 15),
  count('server', { flag: 'ec2-describeInstances-burst', keys: ['server.ec2DescribeInstancesBurst'] }, 5),

  oneOf('status', { flag: 'output', short: 'o' }, 'text', 'json', 'json', 'json'),
  text('status', { flag: 'address', keys: ['server.address'] }, '127.0.0.1'),
  count('status', { flag: 'port', keys: ['server.port'] }, 21_362),
  text('status', { flag: 'state-dir', keys: ['server.stateDir'] }, '/var/aws-iam-authenticator'),

  text('token', { flag: 'role', short: 'r', environment: 'DEFAULT_ROLE', keys: ['role', 'defaultRole'] }),
  text('token', { flag: 'external-id', short: 'e', keys: ['externalID'] }),
  text('token', {
    flag: 'session-name',
    short: 's',
    environment: 'AWS_IAM_AUTHENTICATOR_SESSION_NAME',
    keys: ['sessionName'],
  }),
  truth('token', { flag: 'forward-session-name', keys: ['forwardSessionName'] }),
  text('token', { flag: 'region', keys: ['region'] }),
  truth('token', { flag: 'token-only', keys: ['tokenOnly'] }),
  truth('token', { flag: 'cache', keys: ['cache'] }),
  oneOf(
    'token',
    { flag: 'token-type', environment: 'AWS_IAM_AUTHENTICATOR_TOKEN_TYPE', keys: ['tokenType'] },
    'presigned',
    'jwt',
    'presigned',
    'jwt',
  ),
  text('token', { flag: 'audience', keys: ['audience'] }),
  oneOf('token', { flag: 'signing-algorithm', keys: ['signingAlgorithm'] }, 'ES384', 'RS256', 'ES384', 'RS256'),
  text('token', { flag: 'source-identity', keys: ['sourceIdentity'] }),

  text('verify', { flag: 'token', short: 't', keys: ['token'] }),
  oneOf('verify', { flag: 'output', short: 'o', keys: ['output'] }, 'text', 'json', 'json', 'json'),
  oneOf('verify', { flag: 'partition', keys: ['partition'] }, 'aws', 'aws-cn', 'aws-iso', 'aws-us-gov'),

  ...['context', 'kubeconfig'].map((flag) => text('doctor', { flag })),
  oneOf('doctor', { flag: 'output', short: 'o' }, 'text', 'json', 'json', 'json'),
  text('explain', { flag: 'token', short: 't' }),
  ...['arn', 'user-id', 'session-name'].map((flag) => text('explain', { flag })),
  backendModes('explain'),
  oneOf('explain', { flag: 'partition', keys: ['server.partition'] }, 'aws', 'aws-cn', 'aws-iso', 'aws-us-gov'),

  truth('lint', { flag: 'strict' }),
  oneOf('explain', { flag: 'output', short: 'o' }, 'text', 'json', 'json', 'json'),
  oneOf('lint', { flag: 'output', short: 'o' }, 'text', 'json', 'sarif', 'github'),
  row(
    'explain',
    { flag: 'reason' },
    '',
    [
      ['expired', 'expired'],
      ['not_mapped', 'not_mapped'],
      ['template', 'template'],
    ],
    'unknown',
  ),
  oneOf('list', { flag: 'output', short: 'o' }, 'table', 'wide', 'json', 'yaml'),
  ...['authentication-config', 'explain', 'lint', 'list'].flatMap((command) => [
    truth(command, { flag: 'cluster' }),
    text(command, { flag: 'kubeconfig' }),
    text(command, { flag: 'kubeconfig-context' }),
    text(command, { flag: 'master-url' }),
  ]),

  row(
    'authentication-config',
    { flag: 'issuer' },
    [],
    [
      ['https://a.example,https://b.example', ['https://a.example', 'https://b.example']],
      ['https://c.example', ['https://c.example']],
      ['https://d.example', ['https://d.example']],
    ],
    'https://a.example/',
  ),
  row(
    'authentication-config',
    { flag: 'account' },
    [],
    [
      ['111122223333,444455556666', ['111122223333', '444455556666']],
      ['111122223333', ['111122223333']],
      ['444455556666', ['444455556666']],
    ],
    '1',
  ),
  row(
    'authentication-config',
    { flag: 'audience' },
    [],
    [
      ['a,b', ['a', 'b']],
      ['c', ['c']],
      ['d', ['d']],
    ],
  ),
  ...['aws-auth', 'discovery-url', 'certificate-authority'].map((flag) => text('authentication-config', { flag })),
  oneOf('authentication-config', { flag: 'api-version' }, 'v1', 'v1beta1', 'v1beta1', 'v1beta1'),
  truth('authentication-config', { flag: 'skip-unsupported' }),
  oneOf('authentication-config', { flag: 'output', short: 'o' }, 'yaml', 'json', 'json', 'json'),
  backendModes('authentication-config'),
  oneOf(
    'authentication-config',
    { flag: 'partition', keys: ['server.partition'] },
    'aws',
    'aws-cn',
    'aws-iso',
    'aws-us-gov',
  ),

  text('kubeconfig', { flag: 'role', short: 'r' }),
  text('kubeconfig', { flag: 'external-id', short: 'e' }),
  text('kubeconfig', { flag: 'session-name', short: 's' }),
  ...['profile', 'region', 'user', 'context', 'cluster', 'kubeconfig'].map((flag) => text('kubeconfig', { flag })),
  ...['audience', 'source-identity'].map((flag) => text('kubeconfig', { flag })),
  ...['token-type', 'signing-algorithm'].map((flag) => {
    const texts = flag === 'token-type' ? ['jwt', 'presigned'] : ['RS256', 'ES384']
    const [first = '', second = ''] = texts
    const good: SettingRow['good'] = [
      [first, first],
      [second, second],
      ['', ''],
    ]
    return row('kubeconfig', { flag }, null, good, 'nonsense')
  }),
  ...['command', 'server', 'certificate-authority', 'cluster-name'].map((flag) => text('kubeconfig', { flag })),
  ...['dry-run', 'force', 'use'].map((flag) => truth('kubeconfig', { flag })),
  ...['cache', 'forward-session-name'].map((flag) => truth('kubeconfig', { flag }, null)),

  truth('version', { flag: 'short', short: 's' }),
  oneOf('version', { flag: 'output', short: 'o' }, 'json', 'yaml', 'json', 'text'),

  ...['bash', 'fish', 'powershell', 'zsh'].map((shell) => truth(`completion ${shell}`, { flag: 'no-descriptions' })),

  ...['add role', 'add user', 'remove role', 'remove user'].flatMap((command) => [
    truth(command, { flag: 'prompt' }, true),
    truth(command, { flag: 'dry-run' }),
    text(command, { flag: 'kubeconfig' }),
    text(command, { flag: 'kubeconfig-context' }),
    text(command, { flag: 'master-url' }),
  ]),
  ...['add role', 'add user'].flatMap((command) => [
    truth(command, { flag: 'update' }),
    text(command, { flag: 'username' }),
    row(
      command,
      { flag: 'groups' },
      [],
      [
        ['a,b', ['a', 'b']],
        ['c', ['c']],
        ['d', ['d']],
      ],
    ),
  ]),
  ...['add user', 'remove user'].map((command) => text(command, { flag: 'userarn' })),
  ...['add role', 'remove role'].flatMap((command) => [
    text(command, { flag: 'rolearn' }),
    row(
      command,
      { flag: 'sso' },
      null,
      [
        ['permissionSetName=A,accountID=1', { permissionSetName: 'A', accountID: '1' }],
        ['partition=aws', { partition: 'aws' }],
        ['partition=aws-cn', { partition: 'aws-cn' }],
      ],
      'Admin',
    ),
  ]),
]

/** A setting of the server that only the configuration file has. */
export interface FileSettingRow {
  readonly key: string
  readonly fallback: unknown
  readonly good: Written
  readonly bad?: string
}

const ROLE_ARN = 'arn:aws:iam::123456789012:role/Describer'
const V6_OFF = { host: '::1', port: 0 }

export const fileSettings: readonly FileSettingRow[] = [
  { key: 'server.ec2DescribeInstancesRoleARN', fallback: null, good: [ROLE_ARN, ROLE_ARN], bad: 'Describer' },
  { key: 'server.sourceARN', fallback: null, good: [ROLE_ARN, ROLE_ARN], bad: 'cluster' },
  { key: 'server.dynamicfilepath', fallback: null, good: ['/etc/map.json', '/etc/map.json'] },
  { key: 'server.dynamicfileUserIDStrict', fallback: false, good: ['true', true], bad: 'perhaps' },
  { key: 'server.dynamicBackendModePath', fallback: null, good: ['/etc/modes.json', '/etc/modes.json'] },
  { key: 'server.region', fallback: null, good: ['us-gov-west-1', 'us-gov-west-1'] },
  { key: 'server.healthAddress', fallback: { host: null, port: 21_363 }, good: ['[::1]:0', V6_OFF], bad: '21363' },
  { key: 'server.metricsAddress', fallback: null, good: [':21364', { host: null, port: 21_364 }], bad: '21364' },
  { key: 'server.hostname', fallback: 'localhost', good: ['node.example', 'node.example'] },
  { key: 'server.auditLog', fallback: null, good: ['/var/log/audit.jsonl', '/var/log/audit.jsonl'] },
  { key: 'server.refusalStatus', fallback: 200, good: ['403', 403], bad: '401' },
  {
    key: 'server.scrubbedAccounts',
    fallback: new Set(),
    good: ['012345678901,123456789012', new Set(['012345678901', '123456789012'])],
    bad: '12345',
  },
  { key: 'server.apiAudiences', fallback: null, good: ['a,b', ['a', 'b']] },
  {
    key: 'server.stsRegions',
    fallback: null,
    good: ['us-gov-west-1,aws-global', new Set(['us-gov-west-1', 'global'])],
    bad: 'us-east',
  },
  { key: 'server.tokenCacheTTL', fallback: 30_000, good: ['1m30s', 90_000], bad: '3m' },
]
