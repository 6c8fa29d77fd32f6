import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { runCommand, temporaryFolder } from './harness/command.ts'
import { personEnvironment, USER_KEYS } from './harness/person.ts'
import { asking, SECRET, tokenFaults, type TokenFault } from './harness/token-faults.ts'

async function fails(t: Test, aws: SandboxAws, name: string, row: TokenFault): Promise<void> {
  const home = temporaryFolder(t)
  mkdirSync(join(home, '.aws'))
  writeFileSync(join(home, '.aws/config'), row.config ?? '')
  const environment = personEnvironment(home, aws.environment, { AWS_REGION: 'us-east-1' }, row.environment ?? {})
  const failed = await runCommand(['token', '-i', 'k8s.local', ...(row.args ?? [])], { environment })
  t.equal(failed.code, 1, name)
  t.equal(failed.stdout, '', name)
  t.match(failed.stderr, /^could not get token: [^\n]+\n$/, name)
  t.match(failed.stderr.slice('could not get token: '.length), row.says, name)
  for (const secret of [SECRET, USER_KEYS['AWS_SECRET_ACCESS_KEY'] ?? '']) t.notOk(failed.stderr.includes(secret), name)
}

t.test('every failure is one line with the reason, and contains no secret', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const rows = await tokenFaults(temporaryFolder(t))
  for (const [name, row] of Object.entries(rows)) await fails(t, aws, name, row)
})

t.test('a failing or throttling STS is reported as such', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  for (const fault of ['throttle', 'reset', 'rubbish', 'error500', 'redirect', 'wrongShape', 'huge'] as const) {
    aws.faults.set(fault)
    await fails(t, aws, fault, { args: asking, says: fault === 'throttle' ? /throttling/ : /./ })
    aws.faults.clear()
  }
})

t.test('a reset connection is retried', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  aws.faults.set('resetOnce')
  const environment = personEnvironment(temporaryFolder(t), aws.environment, { AWS_REGION: 'us-east-1' })
  const signed = await runCommand(['token', '-i', 'k8s.local', ...asking], { environment })
  t.equal(signed.code, 0)
  t.equal(signed.stderr, '')
})

t.test('a broken certificate in a file does not affect the others', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  // Sequences in DER that are not certificates, and text that is neither.
  const broken = ['MAkwAzADAwEAAwA=', 'MAIwAA==', 'AAAA'].map(
    (text) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
  )
  const file = join(temporaryFolder(t), 'mixed.pem')
  writeFileSync(file, [broken[0], aws.ca, ...broken].join('\n'))
  const network = { ...aws.environment, SSL_CERT_FILE: file }
  const environment = personEnvironment(temporaryFolder(t), network, { AWS_REGION: 'us-east-1' })
  const signed = await runCommand(['token', '-i', 'k8s.local', ...asking], { environment })
  t.same([signed.code, signed.stderr], [0, ''])
})

t.test('a wrong command line is a usage error', async (t) => {
  const environment = personEnvironment(temporaryFolder(t))
  const rows: readonly (readonly [args: string[], error: RegExp])[] = [
    [[], /^Error: cluster ID not specified; run "aws-iam-authenticator token --help"\n$/],
    [['-i', ''], /^Error: cluster ID not specified; run "aws-iam-authenticator token --help"\n$/],
    [['-i', 'k8s.local', '--rôle'], /^Error: unknown flag: --rôle/],
    [['-i'], /^Error: flag needs an argument: -i; run "[^\n]+\n$/],
    [['-i', 'k8s.local', '--token-only=perhaps'], /^Error: invalid argument.*token-only/],
  ]
  for (const [args, error] of rows) {
    const failed = await runCommand(['token', ...args], { environment })
    t.equal(failed.code, 1)
    t.equal(failed.stdout, '')
    t.match(failed.stderr, error)
  }
})
