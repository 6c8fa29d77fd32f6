import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { WebhookFront } from '@aws-iam-authenticator/sandbox/kubernetes/webhook-front'
import { clusterTls } from './cluster.ts'
import { runCommand, temporaryFolder, type Environment } from './command.ts'
import { commandFile } from './govcloud.ts'
import { personEnvironment } from './person.ts'
import type { TestServer } from './server.ts'
import { CLUSTER_ID } from './webhook.ts'

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
  { environment = {}, args = [], config = '', secrets = [], wrapper }: DoctorOptions = {},
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
  const path = [dirname(commandFile(home)), dirname(await kubectl('1.35')), process.env['PATH'] ?? ''].join(':')
  const own = { AWS_REGION: 'us-east-1', KUBECONFIG: kubeconfig, PATH: path }
  const { code, stdout, stderr } = await runCommand(['doctor'], {
    environment: personEnvironment(home, aws, own, environment),
    cwd: home,
    ...(wrapper === undefined ? {} : { wrapper }),
  })
  t.equal(stderr, '')
  for (const secret of [USER.secretAccessKey, 'k8s-aws-v1.', 'X-Amz-', ...secrets])
    t.notOk(`${stdout}${stderr}`.includes(secret), `no secret is shown: ${stdout}`)
  return { code, ...parse(stdout) }
}
