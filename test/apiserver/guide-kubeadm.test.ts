import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { buildProgram, KUBEADM } from './harness/binary.ts'
import { guideBlocks } from './harness/guide.ts'
import { failWithoutFolder, logInByGuide, prepareByGuide } from './harness/guide-login.ts'
import { staticPod } from './harness/static-pod.ts'
import { noThrowAwayRoot as skip } from './harness/throw-away-root.ts'

const KUBECONFIG = '/etc/kubernetes/aws-iam-authenticator/kubeconfig.yaml'
const MANIFEST = '/etc/kubernetes/manifests/kube-apiserver.yaml'
/** The network of the tests has no default route by which kubeadm finds an address. */
const ADDRESS = `---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: 192.0.2.10
`

t.test(
  'the guide for kubeadm: its script, configuration and manifests make a cluster to log in to',
  { skip },
  async (t) => {
    const prepared = await prepareByGuide(t, 'kubeadm')
    const { node, clone } = prepared
    const kubeadm = { from: await buildProgram(KUBEADM), to: '/kubeadm', readOnly: true, file: true }
    const [configuration = ''] = guideBlocks('kubeadm', 'Copy and paste', 'yaml')
    writeFileSync(node.path('/kubeadm.yaml'), configuration + ADDRESS)
    writeFileSync(node.path('/wrong.yaml'), (configuration + ADDRESS).replace('extraArgs', 'extraFlags'))
    const onNode = async (command: string): Promise<void> => {
      const { code, stdout, stderr } = await node.run(`#!/bin/bash\n/kubeadm ${command}\n`, [kubeadm])
      if (code !== 0) throw new Error(`kubeadm ${command}: ${stdout}${stderr}`)
    }
    await onNode('config validate --config=/kubeadm.yaml')
    await t.rejects(onNode('config validate --config=/wrong.yaml'), /unknown field "apiServer.extraFlags"/)
    await onNode('init phase certs all --config=/kubeadm.yaml')
    await onNode('init phase control-plane apiserver --config=/kubeadm.yaml')

    const pod = staticPod(parse(readFileSync(node.path(MANIFEST), 'utf8')), node)
    t.ok(pod.flags.includes(`--authentication-token-webhook-config-file=${KUBECONFIG}`))
    t.ok(pod.flags.includes('--authorization-mode=Node,RBAC'), 'and those of kubeadm')
    await logInByGuide(t, prepared, pod, async (api) => {
      await api.admin(['apply', '--validate=strict', '-k', clone.path('my-cluster')])
    })
    await failWithoutFolder(t, pod)
  },
)
