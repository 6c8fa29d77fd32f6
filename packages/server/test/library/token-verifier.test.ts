import { test, type Test } from 'tap'
import { USER, identities } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { stsCall } from '@aws-iam-authenticator/sandbox/aws/example-client'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { createVerifier, type TokenVerifierOptions } from '../../src/library/token-verifier.ts'

const HOST = 'sts.eu-central-1.amazonaws.com'

function tokenFor(clusterId: string): string {
  const { query } = stsCall({ host: HOST, headers: { 'x-k8s-aws-id': clusterId } })
  return `k8s-aws-v1.${Buffer.from(`https://${HOST}/?${query}`).toString('base64url')}`
}

async function start(
  t: Pick<Test, 'teardown'>,
  options: Partial<TokenVerifierOptions> = {},
): Promise<{ aws: SandboxAws; verify: (token: string) => Promise<unknown> }> {
  const aws = await startSandboxAws({ identities })
  t.teardown(() => aws.close())
  const verifier = await createVerifier({ clusterId: 'k8s.local', environment: aws.environment, ...options })
  t.teardown(() => verifier.close())
  return { aws, verify: (token) => verifier.verify(token) }
}

void test('the identity that signed a token, asked for once', async (t) => {
  const { aws, verify } = await start(t)
  const token = tokenFor('k8s.local')
  const { arn, accountId, userId } = USER
  const identity = { arn, canonicalArn: arn, accountId, userId, sessionName: '' }
  t.strictSame(await verify(token), { accepted: true, identity })
  t.strictSame(await verify(token), { accepted: true, identity })
  t.equal(aws.sts.requests.length, 1)
})

void test('refusals are values', async (t) => {
  const { aws, verify } = await start(t)
  t.match(await verify('eyJhbGciOiJub25lIn0.e30.'), { accepted: false, reason: 'malformed_token' })
  t.match(await verify(`${tokenFor('k8s.local')}!`), { accepted: false, reason: 'malformed_token' })
  t.equal(aws.sts.requests.length, 0)
  t.match(await verify(tokenFor('other.local')), { accepted: false, reason: 'bad_signature' })
})

void test('the regions of STS are limited', async (t) => {
  const { aws, verify } = await start(t, { stsRegions: ['US-EAST-1'] })
  t.match(await verify(tokenFor('k8s.local')), { accepted: false, reason: 'wrong_host' })
  t.equal(aws.sts.requests.length, 0)
  const { verify: verifyThere } = await start(t, { stsRegions: ['EU-central-1'] })
  t.match(await verifyThere(tokenFor('k8s.local')), { accepted: true })
})

void test('settings that would accept too much or nothing are errors', async (t) => {
  const invalid = { code: 'invalid_configuration' }
  await t.rejects(createVerifier({ clusterId: '' }), invalid)
  await t.rejects(createVerifier({ clusterId: 'k8s.local', stsRegions: [] }), invalid)
})
