import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseFeatureGates } from '@aws-iam-authenticator/core/configuration/feature-gates'
import { BACKEND_MODES } from '@aws-iam-authenticator/core/mapping/backend-mode'
import { ENTRY_NAMES } from '@aws-iam-authenticator/core/mapping/parse-key'
import { partitions } from '@aws-iam-authenticator/core/aws/partition'
import { isRecord, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { parse } from 'yaml'
import { fileSettings, settings } from '../conformance/configuration.ts'
import { minimalEnvironment, runCommand, temporaryFolder } from '../e2e/harness/command.ts'
import { helm } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { CHART, render, REQUIRED, skip } from './chart.ts'
import { findObject, list } from './objects.ts'

const schema: unknown = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'))

/** The settings below `server`, from the table that the product is compared with. */
const SERVER_KEYS = new Set(
  [...settings.flatMap(({ keys = [] }) => keys), ...fileSettings.map(({ key }) => key)]
    .filter((key) => key.startsWith('server.'))
    .map((key) => key.slice('server.'.length)),
)

/** The value at a path of the schema, such as `properties.server`. */
function at(path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => property(value, key), schema)
}

function keysAt(path: string): string[] {
  return Object.keys(at(path) ?? {}).sort()
}

function sorted(names: Iterable<string>): string[] {
  return [...names].sort()
}

t.test('the schema has the keys that the server and lint read', async (t) => {
  const lists = ['mapRoles', 'mapUsers', 'mapAccounts', 'reservedPrefixConfig', 'webIdentity']
  t.same(keysAt('properties.server.properties'), sorted([...SERVER_KEYS, ...lists]))
  t.same(keysAt('definitions.roleMappings.items.properties'), sorted(ENTRY_NAMES.role))
  t.same(keysAt('definitions.userMappings.items.properties'), sorted(ENTRY_NAMES.user))
  t.same(at('properties.backends.items.enum'), BACKEND_MODES)
  t.same(
    at('properties.server.properties.partition.enum'),
    partitions.map(({ id }) => id),
  )
  for (const gate of keysAt('properties.featureGates.properties')) {
    t.doesNotThrow(() => parseFeatureGates([`${gate}=true`]), gate)
  }
})

t.test('every object of the schema with a list of keys refuses others', async (t) => {
  const open: string[] = []
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) value.forEach((item, index) => walk(item, `${path}.${index}`))
    if (!isRecord(value)) return
    if (isRecord(value['properties']) && value['additionalProperties'] !== false) open.push(path)
    for (const [key, child] of Object.entries(value)) walk(child, `${path}.${key}`)
  }
  walk(schema, '')
  // Kubernetes checks volumes and mounts, whose kinds are many. A JSON Web Key Set may have more members.
  const checkedElsewhere = [
    'extraVolumes.items',
    'extraVolumeMounts.items',
    'webIdentity.properties.issuers.items.properties.jwks',
  ]
  t.same(sorted(open), sorted(checkedElsewhere.map((name) => `.properties.${name}`)))
})

const ACCOUNT = '123456789012'
const ARN = `arn:aws:iam::${ACCOUNT}`
/** A value for each key of `server` that the chart does not set itself. */
const SERVER = {
  partition: 'aws',
  region: 'us-west-2',
  address: '127.0.0.1',
  hostname: 'localhost',
  port: 21_362,
  keyType: 'ecdsa',
  stateDir: '/var/aws-iam-authenticator',
  kubeconfigPregenerated: true,
  kubeconfig: '/etc/kubernetes/kubeconfig',
  master: 'https://api.internal',
  ec2DescribeInstancesQps: 10,
  ec2DescribeInstancesBurst: 3,
  ec2DescribeInstancesRoleARN: `${ARN}:role/ec2`,
  sourceARN: `arn:aws:eks:us-west-2:${ACCOUNT}:cluster/x`,
  dynamicfileUserIDStrict: true,
  dynamicBackendModePath: '/etc/backends.json',
  refusalStatus: 403,
  healthAddress: '127.0.0.1:21363',
  auditLog: '/var/log/audit.log',
  scrubbedAccounts: [ACCOUNT],
  apiAudiences: ['https://kubernetes.default.svc'],
  stsRegions: ['us-west-2'],
  tokenCacheTTL: '1m30s',
  mapAccounts: [ACCOUNT],
  mapUsers: [{ userlike: `${ARN}:user/dev-*`, username: 'dev' }],
  mapRoles: [
    {
      rolearn: `${ARN}:role/Admin`,
      username: 'admin',
      groups: ['a'],
      principalid: 'AROAEXAMPLE',
      sessionnames: ['a*'],
    },
    { sso: { permissionSetName: 'Admin', accountID: ACCOUNT }, username: 'sso', groups: 'a,b' },
    {
      rolelike: `${ARN}:role/dev-*`,
      username: 'dev:{{SourceIdentity}}',
      principalTags: { team: ['a'], cost: 'b' },
      orgId: 'o-a1b2c3d4e5',
      ouPath: 'o-a1b2c3d4e5/r-ab12/',
      sourceIdentity: '*',
    },
  ],
  reservedPrefixConfig: [{ backendMode: 'CRD', usernamePrefixReserveList: ['system:'] }],
}
/** Values for everything that goes into config.yaml. */
const VALUES = {
  ...REQUIRED,
  backends: ['MountedFile', 'EKSConfigMap', 'CRD', 'DynamicFile'],
  server: SERVER,
  featureGates: { SSORoleMatch: true, RolePathMatch: false },
  dynamicFile: { hostPath: '/var/lib/auth/map.json' },
  metrics: { address: ':21364' },
  webIdentity: {
    audiences: ['k8s.local'],
    issuers: [
      {
        url: 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws',
        accounts: [ACCOUNT],
        jwks: { keys: [{ kty: 'RSA', kid: '1', alg: 'RS256', use: 'sig', n: 'x', e: 'AQAB' }] },
      },
    ],
  },
}

t.test('the server accepts a configuration with every key, without a warning', { skip }, async (t) => {
  const written = textAt(findObject(await render(t, VALUES), 'ConfigMap'), 'data', 'config.yaml') ?? ''
  const set = new Set(['backendMode', 'generateKubeconfig'])
  for (const key of keysAt('properties.server.properties')) {
    if (!set.has(key)) t.match(written, new RegExp(`^  ${key}: ?`, 'm'))
  }
  const folder = temporaryFolder(t)
  // In the pod, a flag of the server names the backends.
  const backends = `  backendMode: [${VALUES.backends.join(', ')}]\n`
  writeFileSync(join(folder, 'config.yaml'), written.replace(/^server:\n/m, `$&${backends}`))
  const environment = minimalEnvironment(folder)
  const args = ['init', '--config=config.yaml']
  const { code, stderr } = await runCommand(args, { cwd: folder, environment })
  t.equal(code, 0, stderr)
  t.notMatch(stderr, /level=(?:warning|error)/)
})

t.test('Chart.yaml names an icon in the chart and has valid annotations', async (t) => {
  const chart: unknown = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))
  const [, icon = ''] =
    /\/raw\/main\/deploy\/helm\/aws-iam-authenticator\/([\w.]+)$/.exec(textAt(chart, 'icon') ?? '') ?? []
  t.match(readFileSync(join(CHART, icon), 'utf8'), /^<svg [^]*<\/svg>\n$/)
  const annotations = property(chart, 'annotations')
  t.match(annotations, { 'artifacthub.io/category': 'security', 'artifacthub.io/license': 'Apache-2.0' })
  for (const name of ['links', 'crds']) {
    const listed: unknown = parse(textAt(annotations, `artifacthub.io/${name}`) ?? '')
    t.ok(list(listed).length > 0 && list(listed).every((item) => textAt(item, 'name') !== undefined), name)
  }
})

t.test('helm package makes a chart that renders the same', { skip }, async (t) => {
  const folder = temporaryFolder(t)
  const command = ['package', `--destination=${folder}`, CHART]
  const { code, stdout, stderr } = await runBinary(await helm(), command, { cwd: folder, env: { HOME: folder } })
  t.equal(code, 0, stderr)
  const [, archive = ''] = /saved it to: (\S+\.tgz)\n$/.exec(stdout) ?? []
  t.match(archive, /\/aws-iam-authenticator-\d+\.\d+\.\d+\.tgz$/)
  const values = {
    ...VALUES,
    backends: ['CRD', 'DynamicFile'],
    metrics: { address: ':1', prometheusRule: { enabled: true } },
  }
  t.same(await render(t, values, archive), await render(t, values))
})
