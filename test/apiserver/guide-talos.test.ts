import { chmodSync, copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { isRecord, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { list } from '../deploy/objects.ts'
import { startGovCloud } from './harness/govcloud.ts'
import { settingsFor, startClone } from './harness/guide.ts'
import { failWithoutFolder, logInByGuide } from './harness/guide-login.ts'
import { ROOT, startNode } from './harness/node.ts'
import { noThrowAwayRoot as skip, type Mount } from './harness/throw-away-root.ts'

t.test('the guide for Talos: its patch and manifests make a cluster to log in to', { skip }, async (t) => {
  const aws = await startGovCloud(t, ['K8s-Admin', 'Intern'])
  const node = await startNode(t)
  const { BASE_URL: _, ...settings } = settingsFor(node)
  const clone = await startClone(t, 'talos', settings)
  // What the image has.
  copyFileSync(join(ROOT, 'dist/aws-iam-authenticator'), node.path('/usr/local/bin/aws-iam-authenticator'))
  t.equal(statSync(clone.path('my-cluster/pair/key.pem')).mode & 0o777, 0o600)

  const patch: unknown = parse(clone.read('my-cluster/patch.yaml'))
  for (const file of list(property(property(patch, 'machine'), 'files'))) {
    const path = textAt(file, 'path') ?? ''
    t.match(file, { op: 'create', path: /^\/var\//, permissions: 0o644 })
    mkdirSync(dirname(node.path(path)), { recursive: true })
    writeFileSync(node.path(path), textAt(file, 'content') ?? '')
    chmodSync(node.path(path), 0o644)
  }
  const server = property(property(patch, 'cluster'), 'apiServer')
  const given = property(server, 'extraArgs')
  const flags = Object.entries(isRecord(given) ? given : {}).map(([name, value]) => `--${name}=${String(value)}`)
  const volumes = list(property(server, 'extraVolumes')).map((each): Mount => ({
    from: node.path(textAt(each, 'hostPath') ?? ''),
    to: textAt(each, 'mountPath') ?? '',
    readOnly: property(each, 'readonly') === true,
  }))
  volumes.push({ from: node.path('/etc/hosts'), to: '/etc/hosts', readOnly: true, file: true })
  // For `status`, which the guide runs in the pod: the Secret's files.
  mkdirSync(node.path('/var/aws-iam-authenticator'), { recursive: true })
  copyFileSync(clone.path('my-cluster/pair/cert.pem'), node.path('/var/aws-iam-authenticator/cert.pem'))
  const pod = { flags, volumes }
  await logInByGuide(t, { name: 'talos', aws, node, clone }, pod, async (api) => {
    await api.admin(['apply', '--validate=strict', '-k', clone.path('my-cluster')])
  })
  await failWithoutFolder(t, pod)
})
