import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property } from '@aws-iam-authenticator/core/untrusted'
import { TOKEN_CHECKS } from '@aws-iam-authenticator/core/token/checks'
import t, { type Test } from 'tap'
import { identities, ROLE_ARN, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { temporaryFolder } from './harness/command.ts'
import { explainIn, json, READER, type Explain } from './harness/explain.ts'
import { startPersonCluster } from './harness/person-cluster.ts'
import { presignedUrl, tokenOfUrl } from './harness/presigned.ts'

function sign(clusterId = 'k8s.local', date = new Date(), host = 'sts.us-west-2.amazonaws.com'): string {
  const { secretAccessKey } = USER
  return tokenOfUrl(
    presignedUrl({ host, region: 'us-west-2', clusterId, accessKeyId: USER_KEY_ID, secretAccessKey, date }),
  )
}

async function startAws(t: Test): Promise<{ readonly aws: SandboxAws; readonly explain: Explain }> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return { aws, explain: explainIn(t, aws.environment) }
}

t.test('a token: each check, then STS, then the mappings', async (t) => {
  const { aws, explain } = await startAws(t)
  const token = sign()
  const args = ['-i', 'k8s.local', 'aws-auth.yaml']
  const { code, said } = await json(explain([...args, '-t', token, '-o', 'json']))
  t.equal(code, 0)
  t.match(said, {
    outcome: 'mapped',
    identity: { arn: USER.arn, userId: USER.userId },
    user: { username: '111122223333-alice', groups: ['people'], extra: { arn: [USER.arn] } },
  })
  const checks = [property(said, 'checks')].flat()
  t.same(
    checks.map((check) => [property(check, 'check'), property(check, 'outcome')]),
    [...TOKEN_CHECKS, 'sts'].map((check) => [check, 'passed']),
  )
  t.equal(aws.sts.requests.length, 1)
  for (const input of [`${token}\n`, JSON.stringify({ kind: 'ExecCredential', status: { token } })]) {
    t.match(await explain([...args, '-t', '-'], input), { code: 0, stdout: /username +111122223333-alice/ })
  }
})

t.test('a refused token: the check that refuses it, and nothing of the token', async (t) => {
  const { aws, explain } = await startAws(t)
  const old = new Date(Date.now() - 16 * 60_000)
  const rows: readonly (readonly [token: string, reason: string, failed: string])[] = [
    ['nonsense', 'malformed_token', 'prefix'],
    [`k8s-aws-v1.${'a'.repeat(17_000)}`, 'malformed_token', 'size'],
    ['k8s-aws-v1.a+b', 'malformed_token', 'encoding'],
    [tokenOfUrl('ftp://x/?a=b'), 'malformed_token', 'url'],
    [sign('k8s.local', new Date(), 'sts.evil.example'), 'wrong_host', 'host'],
    [tokenOfUrl('https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&a=b'), 'malformed_token', 'parameters'],
    [tokenOfUrl('https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity'), 'malformed_token', 'cluster_header'],
    [sign('k8s.local', old), 'expired', 'clock'],
    [sign('other.local'), 'bad_signature', 'sts'],
  ]
  for (const [token, reason, failed] of rows) {
    for (const more of [['-o', 'json'], []]) {
      const { code, stdout, stderr } = await explain(['-i', 'k8s.local', '-t', '-', 'aws-auth.yaml', ...more], token)
      t.equal(code, 2, `${reason} ${failed}`)
      t.equal(stderr, '')
      t.notOk(stdout.includes(token.slice(-30)) && token.length > 30, 'the token is not shown')
      t.notMatch(stdout, /X-Amz-Signature=|X-Amz-Security-Token/i)
      if (more.length === 0) continue
      const said: unknown = JSON.parse(stdout)
      const outcomes = new Map(
        [property(said, 'checks')].flat().map((check) => [property(check, 'check'), property(check, 'outcome')]),
      )
      t.equal(outcomes.get(failed), 'failed')
      t.match(said, { reason, see: `docs/errors.md#${reason}`, identity: null, backends: [], user: null })
    }
  }
  const closed = join(temporaryFolder(t), 'closed.yaml')
  writeFileSync(closed, 'clusterID: k8s.local\nserver: {stsRegions: [eu-west-1]}\n')
  t.match(await json(explain(['-c', closed, '-t', sign(), '-o', 'json'])), {
    code: 2,
    said: { reason: 'wrong_host', message: /stsRegions/ },
  })
  aws.faults.set('throttle')
  t.match(await json(explain(['-i', 'k8s.local', '-t', sign(), 'aws-auth.yaml', '-o', 'json'])), {
    code: 1,
    said: { outcome: 'undecided', reason: 'sts_throttled' },
  })
})

t.test('a live cluster, with what token prints', async (t) => {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  const cluster = await startPersonCluster(t, {
    mapRoles: `- rolearn: ${ROLE_ARN}\n  username: a\n`,
  })
  cluster.api.putIdentityMapping('reader', { arn: READER, username: 'reader', groups: ['readers'] })
  const keys = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey, AWS_REGION: 'us-west-2' }
  const environment = { ...aws.environment, ...keys }
  const credential = await cluster.run(['token', '-i', 'k8s.local', '-r', ROLE_ARN, '-s', 'bob'], { environment })
  const args = ['explain', '-i', 'k8s.local', '-t', '-', '--kubeconfig', cluster.kubeconfig]
  const found = await cluster.run([...args, '-o', 'json'], { environment, input: credential.stdout })
  t.equal(found.code, 0, found.stderr)
  t.match(JSON.parse(found.stdout), {
    backends: [
      { backend: 'EKSConfigMap', from: cluster.api.url, outcome: 'no_match' },
      { backend: 'CRD', from: cluster.api.url, outcome: 'mapped', entry: { path: 'IAMIdentityMapping reader' } },
    ],
    user: { username: 'reader', groups: ['readers'] },
  })
  t.notOk(found.stdout.includes(cluster.token))
  t.same(cluster.writes(), [])
  const stranger = await cluster.writeKubeconfig('stranger', { token: 'nobody' })
  const unknown = await cluster.run(['explain', '--arn', ROLE_ARN, '--kubeconfig', stranger, '-o', 'json'])
  t.match(unknown, { code: 1, stdout: /"reason": "backend_unavailable"/ })
})
