import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import type { InProcessAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import {
  finish,
  minimalEnvironment,
  spawnCommand,
  temporaryFolder,
  type Environment,
  type Finished,
} from './command.ts'
import { urlOf } from './presigned.ts'

export const CLUSTER_ID = 'k8s.local'

/** Marks the requests of {@link callerOf}, which are not the product's. */
const PRESENTED = 'x-test-presented'

/** A profile section with the user's keys. */
export const KEYS_PROFILE: string = `
[profile keys]
aws_access_key_id = ${USER_KEY_ID}
aws_secret_access_key = ${USER.secretAccessKey}
`

/** A person with these files in the home folder, and no keys in the environment. HOME in their text stands for that folder. */
export function personAtHome(
  t: Pick<Test, 'teardown'>,
  files: Readonly<Record<string, string>>,
  ...environments: readonly Environment[]
): Environment {
  const home = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text.replaceAll('HOME', home), { mode: 0o600 })
  }
  const all = [minimalEnvironment(home), { AWS_REGION: 'eu-west-1' }, ...environments]
  return Object.fromEntries(all.flatMap((environment) => Object.entries(environment)))
}

/** Runs `token --token-only` for the cluster. */
export function runToken(args: readonly string[], environment: Environment, input = ''): Promise<Finished> {
  return finish(spawnCommand(['token', '-i', CLUSTER_ID, '--token-only', ...args], { environment }), input)
}

/** The ARN that STS returns for a token, or the status of a refusal. The request is not in the STS log. */
export async function callerOf(aws: InProcessAws, token: string, clusterId = CLUSTER_ID): Promise<string> {
  const { host, search } = new URL(urlOf(token.trim()))
  const headers = new Map([
    ['host', host],
    ['accept', 'application/json'],
    ['x-k8s-aws-id', clusterId],
    [PRESENTED, 'yes'],
  ])
  const { signal } = new AbortController()
  const reply = await aws.handle({ method: 'GET', host, path: '/', query: search.slice(1), headers, body: '', signal })
  if (reply === 'reset' || typeof reply.body !== 'string') return 'no answer'
  return /"Arn":"([^"]+)"/.exec(reply.body)?.[1] ?? `${reply.status} ${reply.body}`
}

/** The actions called at STS, except those of presented tokens. */
export function asked(aws: InProcessAws): readonly (string | undefined)[] {
  return aws.sts.requests.filter(({ headers }) => !headers.has(PRESENTED)).map(({ action }) => action)
}

/** The token of a successful run without stderr. */
export function tokenOf(t: Test, { code, stdout, stderr }: Finished, what: string): string {
  t.same({ code, stderr }, { code: 0, stderr: '' }, what)
  return stdout
}
