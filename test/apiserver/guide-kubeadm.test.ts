import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { startApiServer } from './harness/api-server.ts'
import { buildProgram, KUBEADM } from './harness/binary.ts'
import { startGovCloud, startPerson } from './harness/govcloud.ts'
import { guideBlocks, settingsFor, startClone } from './harness/guide.ts'
import { startNode } from './harness/node.ts'
import { startPod } from './harness/pod.ts'
import { staticPod } from './harness/static-pod.ts'
import { noThrowAwayRoot } from './harness/throw-away-root.ts'

const KUBECONFIG = '/etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml'
const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml'
/** The network of the tests has no default route by which kubeadm finds an address. */
const ADDRESS = `---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: 192.0.2.10
`

t.test('the guide, step by step', { skip: noThrowAwayRoot }, async (t) => {
  const aws = await startGovCloud(t, ['K8s-Admin', 'Intern'])
  const node = await startNode(t)
  const clone = await startClone(t, 'kubeadm', settingsFor(node))
  const kubeadm = { from: await buildProgram(KUBEADM), to: '/kubeadm', readOnly: true, file: true }
  const [configuration = ''] = guideBlocks('kubeadm', 'Copy and paste', 'yaml')
  writeFileSync(node.path('/kubeadm.yaml'), configuration + ADDRESS)
  const onNode = async (...commands: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await node.run(`#!/bin/bash\nset -eux\n${commands.join('\n')}\n`, [kubeadm])
    if (code !== 0) throw new Error(`${commands.join('; ')}: ${stdout}${stderr}`)
  }

  await t.test('the script prepares the node, and kubeadm accepts the configuration', async (t) => {
    const { code, stdout, stderr } = await node.run(clone.read('prepare-node.sh'))
    t.equal(code, 0, stdout + stderr)
    await onNode('/kubeadm config validate --config=/kubeadm.yaml')
    const { code: refused } = await node.run(
      '#!/bin/bash\nsed s/extraArgs/extraFlags/ /kubeadm.yaml >/wrong.yaml\n/kubeadm config validate --config=/wrong.yaml\n',
      [kubeadm],
    )
    t.not(refused, 0, 'kubeadm refuses a misspelled key')
  })

  await onNode(
    '/kubeadm init phase certs all --config=/kubeadm.yaml',
    '/kubeadm init phase control-plane apiserver --config=/kubeadm.yaml',
  )
  const { flags, volumes } = staticPod(parse(readFileSync(node.path(MANIFEST), 'utf8')), node)
  t.ok(flags.includes(`--authentication-token-webhook-config-file=${KUBECONFIG}`))
  // It starts while nothing answers at the webhook's port.
  const api = await startApiServer(t, { flags, volumes })
  const admin = await startPerson(t, { aws, api, role: 'K8s-Admin' })
  t.match(await admin.kubectl('auth', 'whoami'), { code: 1 }, 'nobody logs in before the server runs')
  t.ok(/Post "https:\/\/localhost:21362\/\S*: dial tcp \S+:21362: connect: connection refused/.test(api.log()))

  await api.admin(['apply', '--validate=strict', '-k', clone.path('my-cluster')])
  await api.admin(['apply', '--validate=strict', '-f', clone.path('my-cluster/aws-auth.yaml')])
  const pod = await startPod(t, { api, node, aws })
  await pod.until((output) => output.includes('kube-system/aws-auth loaded'))

  await t.test('a mapped role logs in through the API server of kubeadm, another does not', async (t) => {
    const { stdout, stderr } = await admin.kubectl('auth', 'whoami', '-o', 'json')
    t.match(stdout, /"username": "iam-admin-/, stderr)
    t.match(await admin.kubectl('get', 'nodes'), { code: 0 })
    const intern = await startPerson(t, { aws, api, role: 'Intern' })
    t.match(await intern.kubectl('auth', 'whoami'), { code: 1, stderr: /Unauthorized|logged in/ })
    t.match(pod.output(), /partition=aws-us-gov/)
  })

  await t.test('status on the node says that all is well', async (t) => {
    const [check = ''] = guideBlocks('kubeadm', 'Check', 'sh')
    const { code, stdout, stderr } = await node.run(`#!/bin/bash\nsudo() { "$@"; }\n${check}`)
    t.equal(code, 0, stdout + stderr)
    t.match(stdout, /^healthy: /)
  })

  await t.test('without the folder the API server does not start', async (t) => {
    const seen = volumes.filter(({ to }) => to !== '/etc/kubernetes/aws-iam-authenticator')
    await t.rejects(startApiServer(t, { flags, volumes: seen }), /no such file or directory/)
  })
})
