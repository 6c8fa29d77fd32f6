import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { ROOT } from '../docs/documents.ts'
import { binariesRunHere } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { CHART, runHelm } from './chart.ts'
import { findObject, MANIFESTS, overlayObjects, OVERLAYS, parseObjects } from './objects.ts'

const skip = binariesRunHere ? false : 'the binaries are for Linux on x86-64'
const REPOSITORY = '123456789012.dkr.ecr.us-west-2.amazonaws.com/aws-iam-authenticator'
const REQUIRED = { clusterID: 'k8s.local', image: { repository: REPOSITORY } }

function without(value: unknown, ...keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(isRecord(value) ? value : {}).filter(([key]) => !keys.includes(key)))
}

/** An object without Helm's labels, and its configuration parsed. */
function meaning(object: unknown): unknown {
  const labels = Object.entries(property(property(object, 'metadata'), 'labels') ?? {})
  const metadata = {
    ...without(property(object, 'metadata'), 'annotations'),
    labels: Object.fromEntries(labels.filter(([key]) => key === 'k8s-app')),
  }
  if (textAt(object, 'kind') === 'ConfigMap') {
    const config: unknown = parse(textAt(object, 'data', 'config.yaml') ?? '')
    return { ...without(object, 'metadata', 'data'), metadata, config }
  }
  const text = JSON.stringify({ ...without(object, 'metadata'), metadata })
  // The default for an image with a tag, and the checksum that rolls the DaemonSet after a configuration change.
  return JSON.parse(
    text.replace('"imagePullPolicy":"IfNotPresent",', '').replace(/,"annotations":\{"checksum[^}]*\}/, ''),
  )
}

function identity(object: unknown): string {
  return [textAt(object, 'kind'), textAt(object, 'metadata', 'namespace'), textAt(object, 'metadata', 'name')].join(' ')
}

function meanings(objects: readonly unknown[]): Map<string, unknown> {
  return new Map(
    objects
      .map((object): [string, unknown] => [identity(object), meaning(object)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** The values that correspond to an overlay. */
function valuesLike(objects: readonly unknown[]): Record<string, unknown> {
  const daemonSet = JSON.stringify(findObject(objects, 'DaemonSet'))
  const [, backends = ''] = /--backend-mode=([\w,]+)/.exec(daemonSet) ?? []
  const [, repository, tag] = /"image":"([^"]*):([^"]*)"/.exec(daemonSet) ?? []
  const config: unknown = parse(textAt(findObject(objects, 'ConfigMap'), 'data', 'config.yaml') ?? '')
  return {
    clusterID: textAt(config, 'clusterID'),
    image: { repository, tag },
    backends: backends.split(','),
    server: without(property(config, 'server'), 'port', 'stateDir'),
  }
}

async function render(t: Test, values: Readonly<Record<string, unknown>>): Promise<unknown[]> {
  const { code, stdout, stderr } = await runHelm(t, ['template', 'aws-iam-authenticator'], values)
  t.equal(code, 0, stderr)
  return parseObjects(stdout)
}

for (const overlay of OVERLAYS) {
  t.test(`the chart renders the objects of the overlay ${overlay}`, { skip }, async (t) => {
    const wanted = await overlayObjects(overlay)
    const made = await render(t, valuesLike(wanted))
    t.same([...meanings(made)], [...meanings(wanted)])
  })
}

t.test('the chart has the same definition of IAMIdentityMapping as the overlay', async (t) => {
  const wanted = readFileSync(join(MANIFESTS, 'overlays/crd/crd.yaml'), 'utf8')
  t.equal(readFileSync(join(CHART, 'files/crd.yaml'), 'utf8'), wanted, 'copy the file')
})

t.test('the defaults equal those of the base, and the image has the version', { skip }, async (t) => {
  const made = findObject(await render(t, REQUIRED), 'DaemonSet')
  const text = JSON.stringify(made)
  const version = textAt(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')), 'version') ?? ''
  t.match(text, `"${REPOSITORY}:${version}"`)
  t.match(text, '"--backend-mode=MountedFile"')
  const chart: unknown = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))
  t.match(chart, { version, appVersion: version })
})

t.test('values change the expected fields', { skip }, async (t) => {
  const digest = `sha256:${'a'.repeat(64)}`
  const values = {
    ...REQUIRED,
    image: { repository: REPOSITORY, tag: 'other', digest, pullPolicy: 'Always', pullSecrets: [{ name: 'registry' }] },
    backends: ['CRD', 'EKSConfigMap', 'MountedFile'],
    outputPath: '/etc/kubernetes/aws-iam-authenticator/',
    resources: { requests: { memory: '200Mi' }, limits: { memory: '512Mi', cpu: 2 } },
  }
  const objects = await render(t, values)
  const pod = property(property(property(findObject(objects, 'DaemonSet'), 'spec'), 'template'), 'spec')
  t.match(pod, {
    automountServiceAccountToken: true,
    imagePullSecrets: [{ name: 'registry' }],
    containers: [
      {
        image: `${REPOSITORY}@${digest}`,
        imagePullPolicy: 'Always',
        args: ['server', '--backend-mode=CRD,EKSConfigMap,MountedFile'],
        resources: { requests: { memory: '200Mi' }, limits: { memory: '512Mi', cpu: 2 } },
      },
    ],
  })
  t.match(JSON.stringify(pod), '"path":"/etc/kubernetes/aws-iam-authenticator/"')
  t.equal(objects.filter((object) => textAt(object, 'kind')?.endsWith('Role')).length, 3)
})

t.test('a changed configuration rolls the DaemonSet', { skip }, async (t) => {
  const annotations = async (server: unknown): Promise<unknown> => {
    const made = findObject(await render(t, { ...REQUIRED, server }), 'DaemonSet')
    return property(property(property(property(made, 'spec'), 'template'), 'metadata'), 'annotations')
  }
  const first = await annotations({ mapAccounts: ['012345678901'] })
  t.match(first, { 'checksum/config': /^[0-9a-f]{64}$/ })
  t.notMatch(await annotations({ mapAccounts: ['012345678902'] }), first)
})

t.test('helm lint accepts the chart', { skip }, async (t) => {
  const { code, stdout } = await runHelm(t, ['lint', '--strict'], REQUIRED)
  t.equal(code, 0, stdout)
  t.match(stdout, '1 chart(s) linted, 0 chart(s) failed')
})

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
  [{ server: { port: 443 } }, /at '\/server\/port': value must be 21362/],
  [{ server: { address: '0.0.0.0' } }, /at '\/server\/address': value must be '127\.0\.0\.1'/],
  [{ server: { mapAccounts: [123] } }, /at '\/server\/mapAccounts\/0': got number, want string/],
  [{ server: { mapRoles: ['arn'] } }, /at '\/server\/mapRoles\/0': got string, want object/],
  [{ server: { partition: 'aws-gov' } }, /at '\/server\/partition': value must be one of/],
  [{ server: { backendmode: 'CRD' } }, /server\.backendmode does nothing here: name the backends in `backends`/],
  [{ outputPath: 'srv/kubernetes' }, /at '\/outputPath'/],
  [{ resources: { limits: { memory: '20Mi' } } }, /resources\.limits\.memory is 20Mi, and the server needs 128Mi/],
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

t.test('another namespace is rejected: aws-auth and the priority class need kube-system', { skip }, async (t) => {
  const { code, stderr } = await runHelm(t, ['template', 'x'], REQUIRED, 'default')
  t.equal(code, 1)
  t.match(stderr, /the release is for the namespace default: install it into kube-system, by --namespace=kube-system/)
})
