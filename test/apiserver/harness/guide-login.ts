import type { Test } from 'tap'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { startApiServer, type ApiServer } from './api-server.ts'
import { startGovCloud, startPerson } from './govcloud.ts'
import { guideBlocks, settingsFor, startClone, type Clone } from './guide.ts'
import { startNode, type Node } from './node.ts'
import { startPod } from './pod.ts'
import type { StaticPod } from './static-pod.ts'

/** What the first steps of a guide leave: its files, and a node that its script has prepared. */
export interface Prepared {
  readonly name: string
  readonly aws: SandboxAws
  readonly node: Node
  readonly clone: Clone
}

/** Runs the first block of a guide, and its script on a node. */
export async function prepareByGuide(t: Test, name: string, heading?: string): Promise<Prepared> {
  const aws = await startGovCloud(t, ['K8s-Admin', 'Intern'])
  const node = await startNode(t)
  const clone = await startClone(t, name, settingsFor(node), heading)
  const { code, stdout, stderr } = await node.run(clone.read('prepare-node.sh'))
  t.equal(code, 0, stdout + stderr)
  return { name, aws, node, clone }
}

/**
 * Starts the API server with the flags and volumes of a guide, applies its manifests as `apply` does, starts its server, and logs in.
 * Then the first check of the guide must say on the node that all is well.
 */
export async function logInByGuide(
  t: Test,
  { name, aws, node, clone }: Prepared,
  { flags, volumes }: StaticPod,
  apply: (api: ApiServer) => Promise<void>,
): Promise<void> {
  // It starts while nothing answers at the webhook's port.
  const api = await startApiServer(t, { flags, volumes })
  const admin = await startPerson(t, { aws, api, role: 'K8s-Admin' })
  t.match(await admin.kubectl('auth', 'whoami'), { code: 1 }, 'nobody logs in before the server runs')
  t.ok(/Post "https:\/\/localhost:21362\/\S*: dial tcp \S+:21362: connect: connection refused/.test(api.log()))

  await apply(api)
  const create = ['create', '--validate=strict', '-f', clone.path('my-cluster/aws-auth.yaml')]
  await api.admin(create)
  t.match(await api.kubectl(create), { code: 1, stderr: /"aws-auth" already exists/ }, 'mappings of others are kept')
  const pod = await startPod(t, { api, node, aws })
  await pod.until((output) => output.includes('kube-system/aws-auth loaded'))
  const { stdout, stderr } = await admin.kubectl('auth', 'whoami', '-o', 'json')
  t.match(stdout, /"username": "iam-admin-/, stderr)
  t.match(await admin.kubectl('get', 'nodes'), { code: 0 })
  const intern = await startPerson(t, { aws, api, role: 'Intern' })
  t.match(await intern.kubectl('auth', 'whoami'), { code: 1, stderr: /Unauthorized|logged in/ })
  t.match(pod.output(), /partition=aws-us-gov/)

  const [check = ''] = guideBlocks(name, 'Check', 'sh')
  // Where nodes have no shell, kubectl runs it in the pod.
  const onNode = check.replace(/^kubectl .*? -- \/(.*)\n[^]*$/, '$1\n')
  const status = await node.run(`#!/bin/bash\nsudo() { "$@"; }\n${onNode}`)
  t.equal(status.code, 0, status.stdout + status.stderr)
  t.match(status.stdout, /^healthy: /)
  await pod.stop()
}

/** Starts the API server again with volumes that lack the folder of the webhook kubeconfig, which must fail. */
export async function failWithoutFolder(t: Test, { flags, volumes }: StaticPod): Promise<void> {
  const seen = volumes.filter(({ to }) => to !== '/etc/kubernetes/aws-iam-authenticator')
  t.equal(seen.length, volumes.length - 1)
  await t.rejects(startApiServer(t, { flags, volumes: seen }), /no such file or directory/)
}
