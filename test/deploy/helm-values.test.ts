import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { parse } from 'yaml'
import { chartReadme, documentedValues } from '../../scripts/chart-readme.ts'
import { CHART, render, REPOSITORY, REQUIRED, skip } from './chart.ts'
import { findObject, list } from './objects.ts'

const ISSUER = 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws'
const ACCOUNT = '123456789012'
const TRUSTED = { url: ISSUER, accounts: [ACCOUNT] }
const JWKS = { keys: [{ kty: 'EC', crv: 'P-384', kid: 'k', x: 'x', y: 'y' }] }
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const DIGEST = `sha256:${'a'.repeat(64)}`
const ROLE = { rolearn: `arn:aws:iam::${ACCOUNT}:role/Admin`, username: 'admin', groups: ['system:masters'] }
const USER = { userarn: `arn:aws:iam::${ACCOUNT}:user/Alice`, username: 'alice' }
const TOLERATION = { key: 'dedicated', operator: 'Exists' }
const ANTI_AFFINITY = { preferredDuringSchedulingIgnoredDuringExecution: [] }
const PROXY = 'http://proxy.example:3128'
const METRICS = { address: '0.0.0.0:21364' }

/** What the chart renders: the parts that values change. */
interface Rendered {
  readonly objects: readonly unknown[]
  readonly daemonSet: unknown
  readonly labels: unknown
  readonly annotations: unknown
  readonly pod: unknown
  readonly container: unknown
  readonly config: unknown
}

function partsOf(objects: readonly unknown[]): Rendered {
  const daemonSet = property(findObject(objects, 'DaemonSet'), 'spec')
  const template = property(daemonSet, 'template')
  const metadata = property(template, 'metadata')
  const pod = property(template, 'spec')
  const config: unknown = parse(textAt(findObject(objects, 'ConfigMap'), 'data', 'config.yaml') ?? '')
  return {
    objects,
    daemonSet,
    labels: property(metadata, 'labels'),
    annotations: property(metadata, 'annotations'),
    pod,
    container: list(property(pod, 'containers'))[0],
    config,
  }
}

/** The item with a name, such as a volume. */
function named(items: unknown, name: string): unknown {
  return list(items).find((item) => textAt(item, 'name') === name)
}

function podMonitor({ objects }: Rendered): unknown {
  return findObject(objects, 'PodMonitor')
}

function endpoint(rendered: Rendered): unknown {
  return list(property(property(podMonitor(rendered), 'spec'), 'podMetricsEndpoints'))[0]
}

function rule({ objects }: Rendered): unknown {
  return findObject(objects, 'PrometheusRule')
}

type Row = readonly [
  path: string,
  values: Record<string, unknown>,
  read: (rendered: Rendered) => unknown,
  wanted: unknown,
]

const image = (values: Record<string, unknown>): Record<string, unknown> => ({
  image: { repository: REPOSITORY, ...values },
})
const monitor = (values: Record<string, unknown>): Record<string, unknown> => ({
  metrics: { ...METRICS, podMonitor: { enabled: true, ...values } },
})
const alerts = (values: Record<string, unknown>): Record<string, unknown> => ({
  metrics: { prometheusRule: { enabled: true, ...values } },
})

/** Each value of the chart, with a value other than the default and what it changes. */
const ROWS: readonly Row[] = [
  ['clusterID', { clusterID: 'other' }, ({ config }) => textAt(config, 'clusterID'), 'other'],
  [
    'image.repository',
    image({ repository: 'quay.io/x' }),
    ({ container }) => textAt(container, 'image'),
    /^quay\.io\/x:/,
  ],
  ['image.tag', image({ tag: 't' }), ({ container }) => textAt(container, 'image'), `${REPOSITORY}:t`],
  ['image.digest', image({ digest: DIGEST }), ({ container }) => textAt(container, 'image'), `${REPOSITORY}@${DIGEST}`],
  [
    'image.pullPolicy',
    image({ pullPolicy: 'Never' }),
    ({ container }) => textAt(container, 'imagePullPolicy'),
    'Never',
  ],
  [
    'image.pullSecrets',
    image({ pullSecrets: [{ name: 'registry' }] }),
    ({ pod }) => property(pod, 'imagePullSecrets'),
    [{ name: 'registry' }],
  ],
  ['backends', { backends: ['CRD'] }, ({ container }) => list(property(container, 'args'))[1], '--backend-mode=CRD'],
  [
    'dynamicBackends',
    { dynamicBackends: ['CRD'], server: { dynamicBackendModePath: '/modes.json' } },
    ({ pod }) => property(pod, 'automountServiceAccountToken'),
    true,
  ],
  ['server.mapAccounts', { server: { mapAccounts: [ACCOUNT] } }, serverOf('mapAccounts'), [ACCOUNT]],
  ['server.mapUsers', { server: { mapUsers: [USER] } }, serverOf('mapUsers'), [USER]],
  ['server.mapRoles', { server: { mapRoles: [ROLE] } }, serverOf('mapRoles'), [ROLE]],
  [
    'featureGates',
    { featureGates: { SSORoleMatch: true } },
    ({ config }) => property(config, 'feature-gates'),
    { SSORoleMatch: true },
  ],
  ['logFormat', { logFormat: 'json' }, lastArgument, '--log-format=json'],
  [
    'webIdentity.audiences',
    { webIdentity: { audiences: ['a'], issuers: [TRUSTED] } },
    serverOf('webIdentity'),
    { audiences: ['a'], issuers: [TRUSTED] },
  ],
  [
    'webIdentity.issuers',
    { webIdentity: { issuers: [{ ...TRUSTED, jwksFile: '/keys/jwks.json' }] } },
    serverOf('webIdentity'),
    { issuers: [{ ...TRUSTED, jwksFile: '/keys/jwks.json' }] },
  ],
  [
    'dynamicFile.hostPath',
    { backends: ['DynamicFile'], dynamicFile: { hostPath: '/var/lib/auth/map.json' } },
    (rendered) => [
      serverOf('dynamicfilepath')(rendered),
      named(property(rendered.container, 'volumeMounts'), 'dynamic'),
      named(property(rendered.pod, 'volumes'), 'dynamic'),
    ],
    [
      '/etc/aws-iam-authenticator-dynamic/map.json',
      { mountPath: '/etc/aws-iam-authenticator-dynamic/', readOnly: true },
      { hostPath: { path: '/var/lib/auth', type: 'Directory' } },
    ],
  ],
  ['proxy.url', { proxy: { url: PROXY } }, environment, [{ name: 'HTTPS_PROXY', value: PROXY }]],
  [
    'proxy.noProxy',
    { proxy: { url: PROXY, noProxy: '.internal' } },
    environment,
    [
      { name: 'HTTPS_PROXY', value: PROXY },
      { name: 'NO_PROXY', value: '.internal' },
    ],
  ],
  [
    'caBundle',
    { caBundle: PEM },
    (rendered) => [
      environment(rendered),
      named(property(rendered.container, 'volumeMounts'), 'ca'),
      named(property(rendered.pod, 'volumes'), 'ca'),
      property(findObject(rendered.objects, 'ConfigMap', 'aws-iam-authenticator-ca'), 'data'),
    ],
    [
      [{ name: 'AWS_CA_BUNDLE', value: '/etc/aws-iam-authenticator-ca/ca.pem' }],
      { mountPath: '/etc/aws-iam-authenticator-ca/', readOnly: true },
      { configMap: { name: 'aws-iam-authenticator-ca' } },
      { 'ca.pem': PEM },
    ],
  ],
  ['metrics.address', { metrics: METRICS }, serverOf('metricsAddress'), METRICS.address],
  [
    'metrics.podMonitor.enabled',
    monitor({}),
    (rendered) => [property(podMonitor(rendered), 'spec'), property(rendered.container, 'ports')],
    [
      {
        jobLabel: 'k8s-app',
        selector: { matchLabels: { 'k8s-app': 'aws-iam-authenticator' } },
        podMetricsEndpoints: [{ port: 'metrics', path: '/metrics', scheme: 'http' }],
      },
      [{ name: 'metrics', containerPort: 21_364, hostPort: 21_364 }],
    ],
  ],
  [
    'metrics.podMonitor.labels',
    monitor({ labels: { release: 'p' } }),
    (rendered) => textAt(podMonitor(rendered), 'metadata', 'labels', 'release'),
    'p',
  ],
  ['metrics.podMonitor.interval', monitor({ interval: '1m' }), (r) => textAt(endpoint(r), 'interval'), '1m'],
  [
    'metrics.podMonitor.scrapeTimeout',
    monitor({ scrapeTimeout: '5s' }),
    (r) => textAt(endpoint(r), 'scrapeTimeout'),
    '5s',
  ],
  [
    'metrics.prometheusRule.enabled',
    alerts({}),
    (rendered) => property(rule(rendered), 'spec'),
    parse(readFileSync(join(CHART, 'files/alerts.yaml'), 'utf8')),
  ],
  [
    'metrics.prometheusRule.labels',
    alerts({ labels: { release: 'p' } }),
    (rendered) => textAt(rule(rendered), 'metadata', 'labels', 'release'),
    'p',
  ],
  [
    'metrics.prometheusRule.runbook',
    alerts({ runbook: 'https://wiki.internal/auth' }),
    (rendered) => JSON.stringify(rule(rendered)),
    /"runbook_url":"https:\/\/wiki\.internal\/auth#awsiamauthenticatordown"/,
  ],
  [
    'outputPath',
    { outputPath: '/etc/x/' },
    ({ pod }) => named(property(pod, 'volumes'), 'output'),
    { hostPath: { path: '/etc/x/' } },
  ],
  [
    'resources',
    { resources: { limits: { memory: '512Mi' } } },
    ({ container }) => property(container, 'resources'),
    { limits: { memory: '512Mi' } },
  ],
  ['extraArgs', { extraArgs: ['--ec2-describeInstances-qps=5'] }, lastArgument, '--ec2-describeInstances-qps=5'],
  [
    'extraEnv',
    { extraEnv: [{ name: 'AWS_REGION', value: 'eu-west-1' }] },
    environment,
    [{ name: 'AWS_REGION', value: 'eu-west-1' }],
  ],
  [
    'extraVolumes',
    { extraVolumes: [{ name: 'audit', emptyDir: {} }] },
    ({ pod }) => named(property(pod, 'volumes'), 'audit'),
    { emptyDir: {} },
  ],
  [
    'extraVolumeMounts',
    { extraVolumeMounts: [{ name: 'audit', mountPath: '/audit' }] },
    ({ container }) => named(property(container, 'volumeMounts'), 'audit'),
    { mountPath: '/audit' },
  ],
  [
    'podLabels',
    { podLabels: { team: 'a', 'k8s-app': 'other' } },
    ({ labels }) => labels,
    { team: 'a', 'k8s-app': 'aws-iam-authenticator' },
  ],
  [
    'podAnnotations',
    { podAnnotations: { note: 'a: b' } },
    ({ annotations }) => annotations,
    { note: 'a: b', 'checksum/config': /^[0-9a-f]{64}$/ },
  ],
  ['priorityClassName', { priorityClassName: 'high' }, ({ pod }) => textAt(pod, 'priorityClassName'), 'high'],
  [
    'updateStrategy',
    { updateStrategy: { type: 'OnDelete', rollingUpdate: null } },
    ({ daemonSet }) => JSON.stringify(property(daemonSet, 'updateStrategy')),
    '{"type":"OnDelete"}',
  ],
  [
    'nodeSelector',
    { nodeSelector: { zone: 'a' } },
    ({ pod }) => property(pod, 'nodeSelector'),
    { zone: 'a', 'kubernetes.io/os': 'linux' },
  ],
  [
    'affinity',
    { affinity: { nodeAffinity: null, podAntiAffinity: ANTI_AFFINITY } },
    ({ pod }) => JSON.stringify(property(pod, 'affinity')),
    JSON.stringify({ podAntiAffinity: ANTI_AFFINITY }),
  ],
  ['tolerations', { tolerations: [TOLERATION] }, ({ pod }) => property(pod, 'tolerations'), [TOLERATION]],
]

function serverOf(key: string): (rendered: Rendered) => unknown {
  return ({ config }) => property(property(config, 'server'), key)
}

function lastArgument({ container }: Rendered): unknown {
  return list(property(container, 'args')).at(-1)
}

function environment({ container }: Rendered): unknown {
  return property(container, 'env')
}

t.test('each value of values.yaml has a comment and is in the table of this test', async (t) => {
  const values = documentedValues()
  t.same(
    values.filter(({ description }) => description === ''),
    [],
  )
  t.same(values.map(({ path }) => path).sort(), ROWS.map(([path]) => path).sort())
})

t.test('the README is up to date', async (t) => {
  const written = readFileSync(join(CHART, 'README.md'), 'utf8')
  t.equal(written, chartReadme(), 'run npx -y pnpm@12 exec node scripts/chart-readme.ts')
})

for (const [path, values, read, wanted] of ROWS) {
  t.test(`the value ${path}`, { skip }, async (t) => {
    const defaults = partsOf(await render(t, REQUIRED))
    const rendered = partsOf(await render(t, { ...REQUIRED, ...values }))
    const made = read(rendered)
    t.match(made, wanted)
    if (Array.isArray(wanted)) t.equal(list(made).length, wanted.length)
    t.notSame(rendered, defaults)
  })
}

t.test('keys of an issuer are in a ConfigMap, and the configuration names its file', { skip }, async (t) => {
  const other = { url: ISSUER.replace('1111', '2222'), accounts: ['210987654321'], jwks: { keys: [] } }
  const jwks = { keys: [{ kid: 'other', ...JWKS.keys[0] }] }
  const issuers = [
    { ...TRUSTED, jwks: JWKS },
    { ...other, jwks },
  ]
  const rendered = partsOf(await render(t, { ...REQUIRED, webIdentity: { issuers } }))
  const data = property(findObject(rendered.objects, 'ConfigMap', 'aws-iam-authenticator-jwks'), 'data')
  const configured = list(property(serverOf('webIdentity')(rendered), 'issuers'))
  t.equal(configured.length, 2)
  for (const [index, issuer] of configured.entries()) {
    const [, name = ''] =
      /^\/etc\/aws-iam-authenticator-jwks\/([0-9a-f]{16}\.json)$/.exec(textAt(issuer, 'jwksFile') ?? '') ?? []
    t.same(JSON.parse(textAt(data, name) ?? ''), issuers[index]?.jwks)
  }
  t.match(named(property(rendered.container, 'volumeMounts'), 'jwks'), {
    mountPath: '/etc/aws-iam-authenticator-jwks/',
  })
  t.match(named(property(rendered.pod, 'volumes'), 'jwks'), { configMap: { name: 'aws-iam-authenticator-jwks' } })
})
