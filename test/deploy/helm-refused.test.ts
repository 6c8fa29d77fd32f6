import t from 'tap'
import { REPOSITORY, REQUIRED, runHelm, skip } from './chart.ts'

const ROLE = 'arn:aws:iam::123456789012:role/Admin'
const ISSUER = 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws'
const TRUSTED = { url: ISSUER, accounts: ['123456789012'] }
const KEY = { kty: 'RSA', kid: '1', n: 'x', e: 'AQAB' }

/** Invalid values and the message of helm. */
const REFUSED: readonly (readonly [values: Record<string, unknown>, said: RegExp])[] = [
  [{ clusterID: '' }, /at '\/clusterID': minLength/],
  [{ clusterID: 7 }, /at '\/clusterID': got number, want string/],
  [{ image: { repository: '' } }, /at '\/image\/repository'/],
  [{ image: { repository: `${REPOSITORY}:1.0.0` } }, /at '\/image\/repository'/],
  [{ image: { repository: REPOSITORY, digest: 'sha256:short' } }, /at '\/image\/digest'/],
  [{ image: { repository: REPOSITORY, pullPolicy: 'Sometimes' } }, /at '\/image\/pullPolicy': value must be one of/],
  [{ backends: ['ConfigMap'] }, /at '\/backends\/0': value must be one of 'MountedFile', 'EKSConfigMap', 'CRD'/],
  [{ backends: [] }, /at '\/backends': minItems/],
  [{ backends: ['CRD', 'CRD'] }, /at '\/backends': items at/],
  [{ dynamicBackends: ['CRD'] }, /dynamicBackends does nothing without a file.*: write server\.dynamicBackendModePath/],
  [
    { dynamicBackends: ['DynamicFile'], server: { dynamicBackendModePath: '/x' } },
    /the backend DynamicFile needs its file/,
  ],
  [{ server: { port: 443 } }, /at '\/server\/port': value must be 21362/],
  [{ server: { address: '0.0.0.0' } }, /at '\/server\/address': value must be '127\.0\.0\.1'/],
  [{ server: { mapAccounts: [123] } }, /at '\/server\/mapAccounts\/0': got number, want string/],
  [{ server: { mapRoles: ['arn'] } }, /at '\/server\/mapRoles\/0': got string, want object/],
  [{ server: { partition: 'aws-gov' } }, /at '\/server\/partition': value must be one of/],
  [{ server: { backendMode: 'CRD' } }, /server\.backendMode does nothing here: name the backends in `backends`/],
  [{ server: { webIdentity: {} } }, /server\.webIdentity does nothing here: write `webIdentity`/],
  [{ server: { dynamicfilepath: '/x' } }, /server\.dynamicfilepath does nothing here: write `dynamicFile\.hostPath`/],
  [{ server: { metricsAddress: ':1' } }, /server\.metricsAddress does nothing here: write `metrics\.address`/],
  [{ server: { generateKubeconfig: '/x' } }, /server\.generateKubeconfig does nothing here: write `outputPath`/],
  [{ server: { maproles: [] } }, /at '\/server': additional properties 'maproles' not allowed/],
  [{ server: { tokenCacheTTL: 'long' } }, /at '\/server\/tokenCacheTTL'/],
  [{ server: { mapRoles: [{ rolearm: ROLE }] } }, /additional properties 'rolearm' not allowed/],
  [{ server: { mapRoles: [{ rolearn: ROLE, rolelike: ROLE }] } }, /at '\/server\/mapRoles\/0': 'oneOf' failed/],
  [{ server: { mapRoles: [{ rolearn: ROLE, sessionname: 'x' }] } }, /additional properties 'sessionname' not allowed/],
  [{ server: { mapUsers: [{ rolearn: ROLE }] } }, /at '\/server\/mapUsers\/0'/],
  [{ featureGates: { SSORoleMatches: true } }, /additional properties 'SSORoleMatches' not allowed/],
  [{ featureGates: { SSORoleMatch: 'true' } }, /at '\/featureGates\/SSORoleMatch': got string, want boolean/],
  [{ logFormat: 'xml' }, /at '\/logFormat': value must be one of/],
  [{ backends: ['DynamicFile'] }, /the backend DynamicFile needs its file: write the path in dynamicFile\.hostPath/],
  [{ dynamicFile: { hostPath: '/var/x/map.json' } }, /dynamicFile\.hostPath is read by no backend/],
  [{ dynamicFile: { hostPath: '/map.json' } }, /at '\/dynamicFile\/hostPath'/],
  [{ webIdentity: { audiences: ['a'] } }, /webIdentity\.audiences does nothing without an issuer/],
  [{ webIdentity: { issuers: [{ url: `${ISSUER}/`, accounts: [] }] } }, /at '\/webIdentity\/issuers\/0\/url'/],
  [{ webIdentity: { issuers: [{ url: ISSUER, accounts: [] }] } }, /at '\/webIdentity\/issuers\/0\/accounts': minItems/],
  [{ webIdentity: { issuers: [{ url: ISSUER }] } }, /missing property 'accounts'/],
  [
    { webIdentity: { issuers: [{ ...TRUSTED, jwks: { keys: [{ kty: 'RSA', kid: '1', d: 'x' }] } }] } },
    /jwks\/keys\/0'/,
  ],
  [{ webIdentity: { issuers: [{ ...TRUSTED, jwks: { keys: [KEY] }, jwksFile: '/x' }] } }, /issuers\/0': 'not' failed/],
  [{ proxy: { noProxy: 'x' } }, /proxy\.noProxy does nothing without a proxy: write proxy\.url/],
  [{ proxy: { url: 'http://user:password@proxy' } }, /at '\/proxy\/url'/],
  [{ caBundle: 'proxy.pem' }, /at '\/caBundle'/],
  [{ caBundle: '-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n' }, /at '\/caBundle': 'not' failed/],
  [{ metrics: { address: '21364' } }, /at '\/metrics\/address'/],
  [{ metrics: { podMonitor: { enabled: true } } }, /metrics\.podMonitor needs an address that Prometheus reaches/],
  [{ metrics: { podMonitor: { interval: 'often' } } }, /at '\/metrics\/podMonitor\/interval'/],
  [{ extraArgs: ['--backend-mode=CRD'] }, /at '\/extraArgs\/0': 'not' failed/],
  [{ extraArgs: ['server'] }, /at '\/extraArgs\/0'/],
  [{ extraEnv: [{ nam: 'X' }] }, /additional properties 'nam' not allowed/],
  [{ extraVolumes: [{ name: 'config', emptyDir: {} }] }, /at '\/extraVolumes\/0\/name': 'not' failed/],
  [{ extraVolumeMounts: [{ name: 'x' }] }, /missing property 'mountPath'/],
  [{ podLabels: { x: 'a b' } }, /at '\/podLabels\/x'/],
  [{ podAnnotations: { x: 1 } }, /at '\/podAnnotations\/x': got number, want string/],
  [{ priorityClassName: '' }, /at '\/priorityClassName': minLength/],
  [{ updateStrategy: { type: 'Recreate' } }, /at '\/updateStrategy\/type': value must be one of/],
  [{ updateStrategy: { rollingUpdate: { maxSurge: 1 } } }, /at '\/updateStrategy\/rollingUpdate\/maxSurge'/],
  [{ nodeSelector: { x: 1 } }, /at '\/nodeSelector\/x': got number, want string/],
  [{ affinity: { nodeAfinity: {} } }, /additional properties 'nodeAfinity' not allowed/],
  [{ tolerations: [{ effect: 'NoRun' }] }, /at '\/tolerations\/0\/effect': value must be one of/],
  [{ outputPath: 'srv/kubernetes' }, /at '\/outputPath'/],
  ...['20Mi', '79Mi', '0Gi', '81919Ki', '83M', '0G', '83886k', '83886079'].map((memory): (typeof REFUSED)[number] => [
    { resources: { limits: { memory } } },
    new RegExp(`resources\\.limits\\.memory is ${memory}, and the server needs 80Mi`),
  ]),
  [{ resources: { limits: { memory: null } } }, /at '\/resources\/limits': missing property 'memory'/],
  [{ colour: 'red' }, /additional properties 'colour' not allowed/],
]

for (const [values, said] of REFUSED) {
  t.test(`refused: ${JSON.stringify(values)}`, { skip }, async (t) => {
    const { code, stdout, stderr } = await runHelm(t, ['template', 'x'], { ...REQUIRED, ...values })
    t.equal(code, 1)
    t.equal(stdout, '')
    t.match(stderr, said)
  })
}
