import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { WebhookFront } from '@aws-iam-authenticator/sandbox/kubernetes/webhook-front'
import { clusterTls } from './cluster.ts'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './command.ts'
import { commandFile, govRoleArn, startGovCloud, writeGovCloudProfile } from './govcloud.ts'
import { startTestServer } from './server.ts'

/** A person with a kubeconfig, a profile, the command and kubectl on PATH, and a cluster that maps one role. */
export interface KubectlPerson {
  readonly home: string
  readonly config: string
  readonly environment: Environment
  readonly close: () => Promise<void>
  /** Replaces a text of the kubeconfig. */
  readonly edit: (from: string | RegExp, to: string) => void
  readonly doctor: (args?: readonly string[], environment?: Environment) => Promise<Finished>
}

interface KubectlPersonOptions {
  /** How far the clock of AWS is ahead, in milliseconds. */
  readonly clockOffset?: number
  /** Default: a new one. */
  readonly home?: string
}

export async function startKubectlPerson(
  t: Test,
  { clockOffset = 0, home = temporaryFolder(t) }: KubectlPersonOptions = {},
): Promise<KubectlPerson> {
  const aws = await startGovCloud(t, () => new Date(Date.now() + clockOffset))
  const configuration = `clusterID: k8s.local
server:
  mapRoles:
    - rolearn: ${govRoleArn('K8s-Admin')}
      username: iam-admin
      groups: [system:masters]
`
  const server = await startTestServer(t, { aws, configuration })
  const front = await WebhookFront.start({ tls: clusterTls, webhookKubeconfig: server.kubeconfig })
  t.teardown(() => front.close())
  writeGovCloudProfile(home)
  const config = join(home, 'config')
  await writeKubeconfig(config, { server: front.url, certificateAuthority: clusterTls.cert, user: { token: 'none' } })
  const command = commandFile(home)
  if (dirname(command) !== home) symlinkSync(command, join(home, 'aws-iam-authenticator'))
  const path = [home, dirname(await kubectl('1.35')), process.env['PATH'] ?? ''].join(':')
  const environment = { ...minimalEnvironment(home), ...aws.environment, KUBECONFIG: config, PATH: path }
  const entry = ['kubeconfig', '-i', 'k8s.local', '--profile=govcloud', '--region=us-gov-west-1', '--user=admin']
  const written = await runCommand([...entry, '-r', govRoleArn('K8s-Admin'), '--context=sandbox', '--force'], {
    environment,
    cwd: home,
  })
  t.equal(written.code, 0, written.stderr)
  return {
    home,
    config,
    environment,
    close: () => front.close(),
    edit: (from, to) => writeFileSync(config, readFileSync(config, 'utf8').replace(from, to)),
    doctor: (args = [], more = {}) =>
      runCommand(['doctor', ...args], { environment: { ...environment, ...more }, cwd: home }),
  }
}
