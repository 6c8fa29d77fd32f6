import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { WebhookFront } from '@aws-iam-authenticator/sandbox/kubernetes/webhook-front'
import { clusterTls } from './cluster.ts'
import { runCommand, temporaryFolder, type Environment } from './command.ts'
import { notePrinted } from './documented.ts'
import { commandFile } from './govcloud.ts'
import { personEnvironment } from './person.ts'
import { startTestServer, type TestServer } from './server.ts'
import { runStatus } from './status.ts'
import { SECRET } from './token-faults.ts'
import { CLUSTER_ID, USER_CONFIGURATION } from './webhook.ts'

/** The reason why `doctor` can't be run here as a person does; false if it can. */
export const cannotAskKubectl: string | false = binariesRunHere ? false : 'the kubectl binaries are for Linux on x86-64'

/** Maps the example user, and the role that the user may assume. */
export const READER_CONFIGURATION: string = `${USER_CONFIGURATION}  mapRoles:
    - roleARN: arn:aws:iam::111122223333:role/Reader
      username: reader
`

/** What differs from a person who can log in. */
export interface DoctorOptions {
  /** The environment of the person, after that of AWS. */
  readonly environment?: Environment
  /** More args of the exec entry. */
  readonly args?: readonly string[]
  /** The text of the AWS config file. */
  readonly config?: string
  /** Texts that must not be shown. */
  readonly secrets?: readonly string[]
  /** Changes the text of the kubeconfig. */
  readonly edit?: (kubeconfig: string) => string
  /** See RunOptions. */
  readonly wrapper?: readonly [string, ...string[]]
}

/** What `doctor` prints, in its parts. */
export interface Diagnosed {
  readonly code: number | null
  /** The first paragraph, in one line. */
  readonly verdict: string
  /** The lines for a ticket, by check. */
  readonly ticket: ReadonlyMap<string, string>
}

/** The API server of a test's webhook. */
export async function startFront(t: Test, server: Pick<TestServer, 'kubeconfig'>): Promise<WebhookFront> {
  const front = await WebhookFront.start({ tls: clusterTls, webhookKubeconfig: server.kubeconfig })
  t.teardown(() => front.close())
  return front
}

function parse(stdout: string): Omit<Diagnosed, 'code'> {
  const [verdict = ''] = stdout.split('\n\n', 1)
  const [, ticket = ''] = stdout.split('\nfor a ticket (no secret in it):\n')
  const lines = ticket.split('\n').map((line) => /^ {2}([a-z ]+): (.*)$/.exec(line) ?? [])
  return {
    verdict: verdict.replaceAll('\n', ' '),
    ticket: new Map(lines.flatMap(([, name, found]) => (name === undefined ? [] : [[name, found ?? '']]))),
  }
}

/** Runs `doctor` as a person with the example user's keys, and asserts that it shows no secret. */
export async function runDoctor(
  t: Test,
  front: Pick<WebhookFront, 'url'>,
  aws: Environment,
  { environment = {}, args = [], config = '', secrets = [], edit, wrapper }: DoctorOptions = {},
): Promise<Diagnosed> {
  const home = temporaryFolder(t)
  mkdirSync(join(home, '.aws'))
  writeFileSync(join(home, '.aws/config'), config)
  const kubeconfig = join(home, 'config')
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1beta1',
    command: 'aws-iam-authenticator',
    args: ['token', '-i', CLUSTER_ID, ...args],
    interactiveMode: 'IfAvailable',
  }
  await writeKubeconfig(kubeconfig, { server: front.url, certificateAuthority: clusterTls.cert, user: { exec } })
  if (edit !== undefined) writeFileSync(kubeconfig, edit(readFileSync(kubeconfig, 'utf8')))
  const path = [dirname(commandFile(home)), dirname(await kubectl('1.35')), process.env['PATH'] ?? ''].join(':')
  const own = { AWS_REGION: 'us-east-1', KUBECONFIG: kubeconfig, PATH: path }
  const { code, stdout, stderr } = await runCommand(['doctor'], {
    environment: personEnvironment(home, aws, own, environment),
    cwd: home,
    ...(wrapper === undefined ? {} : { wrapper }),
  })
  t.equal(stderr, '')
  for (const secret of [USER.secretAccessKey, 'k8s-aws-v1.', 'X-Amz-', ...secrets])
    t.notOk(`${stdout}${stderr}`.includes(secret), 'no secret is shown')
  const found = parse(stdout)
  notePrinted(found.verdict)
  return { code, ...found }
}

/** The check that fails, and the cause and the fix in the verdict. */
export type Expected = readonly [failedAt: string, says: RegExp]

/** A cluster that is well, and the person who can't log in to it. */
export interface Well {
  readonly server: TestServer
  readonly front: WebhookFront
  /** Asserts the verdict on the person, and that the server has nothing to do with it. */
  readonly fails: (name: string, expected: Expected, options: DoctorOptions) => Promise<void>
  /** Asserts that the person can log in, and the warning. */
  readonly warns: (name: string, warning: RegExp, options: DoctorOptions) => Promise<void>
}

/**
 * Starts a cluster that is well.
 *
 * @param own The AWS of the person, if it is not that of the server.
 */
export async function startWell(t: Test, aws: SandboxAws, own: SandboxAws = aws): Promise<Well> {
  const server = await startTestServer(t, { aws, configuration: READER_CONFIGURATION })
  const front = await startFront(t, server)
  return {
    server,
    front,
    fails: async (name, [failedAt, says], options) => {
      const { code, verdict, ticket } = await runDoctor(t, front, own.environment, { secrets: [SECRET], ...options })
      t.equal(code, 2, name)
      t.ok(verdict.startsWith(`you can't log in: ${failedAt} failed: `), `${name}: ${verdict}`)
      t.match(verdict, says, name)
      t.ok(ticket.get(failedAt)?.startsWith('FAILED '), `${name}: the ticket has it`)
      const status = await runStatus(server)
      t.match(status, { code: 0, stdout: /^healthy: \d+ logins? in the last 5 min, 0 refused\n/ }, `${name}: status`)
    },
    warns: async (name, warning, options) => {
      const { code, verdict } = await runDoctor(t, front, own.environment, options)
      t.equal(code, 0, `${name}: ${verdict}`)
      t.match(verdict, /^you can log in also: /, name)
      t.match(verdict, warning, name)
    },
  }
}
