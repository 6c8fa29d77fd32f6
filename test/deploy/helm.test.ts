import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isRecord, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { parse } from 'yaml'
import { ROOT } from '../docs/documents.ts'
import { CHART, render, REPOSITORY, REQUIRED, runHelm, skip } from './chart.ts'
import { findObject, overlayObjects, OVERLAYS } from './objects.ts'

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

for (const overlay of OVERLAYS) {
  t.test(`the chart renders the objects of the overlay ${overlay}`, { skip }, async (t) => {
    const wanted = await overlayObjects(overlay)
    const made = await render(t, valuesLike(wanted))
    t.same([...meanings(made)], [...meanings(wanted)])
  })
}

t.test('the chart has the same definition of IAMIdentityMapping as the overlay, and the same alerts', async (t) => {
  for (const original of ['manifests/overlays/crd/crd.yaml', 'monitoring/alerts.yaml']) {
    const wanted = readFileSync(join(ROOT, 'deploy', original), 'utf8')
    t.equal(readFileSync(join(CHART, 'files', basename(original)), 'utf8'), wanted, 'copy the file')
  }
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

t.test('another namespace is rejected: aws-auth and the priority class need kube-system', { skip }, async (t) => {
  const { code, stderr } = await runHelm(t, ['template', 'x'], REQUIRED, { namespace: 'default' })
  t.equal(code, 1)
  t.match(stderr, /the release is for the namespace default: install it into kube-system, by --namespace=kube-system/)
})
