import { textAt, property } from '@aws-iam-authenticator/core/untrusted'
import { list, texts } from '../../deploy/objects.ts'
import type { Node } from './node.ts'
import type { Mount } from './throw-away-root.ts'

/** The flags of a static pod's API server, and the parts of the node that its volumes show. */
export interface StaticPod {
  readonly flags: readonly string[]
  readonly volumes: readonly Mount[]
}

/** What is the harness's own: etcd, the address and the serving certificate. */
const OWN = /^--(?:etcd-|advertise-address=|secure-port=|tls-cert-file=|tls-private-key-file=)/

/** Reads the manifest that kubeadm wrote on a node. */
export function staticPod(pod: unknown, node: Node): StaticPod {
  const spec = property(pod, 'spec')
  const [container] = list(property(spec, 'containers'))
  const [program, ...flags] = texts(property(container, 'command'))
  if (program !== 'kube-apiserver') throw new Error(`the pod runs ${program ?? 'nothing'}`)
  const folders = new Map(
    list(property(spec, 'volumes')).map((each) => [textAt(each, 'name'), textAt(each, 'hostPath', 'path') ?? '']),
  )
  const volumes = list(property(container, 'volumeMounts')).flatMap((mount): Mount[] => {
    const to = textAt(mount, 'mountPath') ?? ''
    // The authorities of the machine are below /usr, which is this machine's.
    if (to.startsWith('/usr/')) return []
    const from = node.path(folders.get(textAt(mount, 'name')) ?? '')
    return [{ from, to, readOnly: property(mount, 'readOnly') === true }]
  })
  // The kubelet gives the pod this file of the node, because it is on the host network.
  volumes.push({ from: node.path('/etc/hosts'), to: '/etc/hosts', readOnly: true, file: true })
  return { flags: flags.filter((flag) => !OWN.test(flag)), volumes }
}
