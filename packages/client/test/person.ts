import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { Dispatcher } from 'undici'
import { InProcessDispatcher } from '@aws-iam-authenticator/sandbox/aws/dispatcher'
import type { InProcessAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { getToken, type Token, type TokenOptions } from '../src/token.ts'
import type { Environment } from '../../network/src/environment.ts'

export const CLUSTER_ID = 'k8s.local'

/**
 * The environment of a user with these files in their home folder and no other credentials. The SDK's own clients and
 * providers read the environment of the process, so it is set to the same for the duration of the test.
 */
export async function personWith(
  t: Pick<Test, 'teardown'>,
  { files = {}, environment = {} }: { files?: Readonly<Record<string, string>>; environment?: Environment } = {},
): Promise<Environment> {
  const home = await mkdtemp(join(tmpdir(), 'authenticator-client-'))
  t.teardown(() => rm(home, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    const path = join(home, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text.replaceAll('HOME', home))
  }
  const own = { HOME: home, AWS_EC2_METADATA_DISABLED: 'true', AWS_MAX_ATTEMPTS: '1', ...environment }
  replaceProcessEnvironment(t, own)
  return own
}

function replaceProcessEnvironment(t: Pick<Test, 'teardown'>, environment: Environment): void {
  const before = { ...process.env }
  t.teardown(() => {
    for (const name of Object.keys(environment)) delete process.env[name]
    Object.assign(process.env, before)
  })
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name]
  Object.assign(process.env, environment)
}

/** A client of a fake AWS in this process. It needs no closing. */
function dispatcherTo(aws: InProcessAws): Dispatcher {
  return Object.assign(new InProcessDispatcher(aws.handle), { destroy: () => Promise.resolve() })
}

/** Signs a token, against a fake AWS in this process. */
export async function signIn(
  aws: InProcessAws,
  options: Pick<TokenOptions, 'environment'> & Partial<TokenOptions>,
): Promise<Token> {
  return await getToken({
    clusterId: CLUSTER_ID,
    createHttpClient: () => Promise.resolve(dispatcherTo(aws)),
    ...options,
  })
}

export function urlOf({ token }: Token): URL {
  return new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString())
}

/** Verifies a token as a server of that cluster does, and returns the caller that STS reports. */
export async function callerOf(aws: InProcessAws, token: Token, clusterId = CLUSTER_ID): Promise<unknown> {
  const url = urlOf(token)
  const { body } = await dispatcherTo(aws).request({
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'GET',
    headers: { 'x-k8s-aws-id': clusterId, accept: 'application/json' },
  })
  return await body.json()
}

/** The result of {@link callerOf} for that identity. */
export function caller(arn: string | RegExp): object {
  return { GetCallerIdentityResponse: { GetCallerIdentityResult: { Arn: arn } } }
}
