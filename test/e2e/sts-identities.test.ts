import t, { type Test } from 'tap'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { minimalEnvironment, runCommand, temporaryFolder } from './harness/command.ts'
import { startTestServer, type TestServer } from './harness/server.ts'
import { addIdentity, metricsOf, refusals, signToken, startAws, userOf, verdict } from './harness/webhook.ts'

const ACCOUNT = '111122223333'
/** The whole account is mapped, so that only the form of the answer decides. */
const CONFIGURATION = `clusterID: k8s.local\nserver:\n  mapAccounts: ["${ACCOUNT}"]\n`

type Named = Pick<Identity, 'accountId' | 'arn' | 'userId'>

function session(name: string, inId = name, role = 'Reader'): Named {
  return {
    accountId: ACCOUNT,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${name}`,
    userId: `AROAREADER:${inId}`,
  }
}

function user(name: string, userId = 'AIDAALICE'): Named {
  return { accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/${name}`, userId }
}

const ROOT = `arn:aws:iam::${ACCOUNT}:root`
const ARABIC = '\u0661\u0661\u0661\u0661\u0662\u0662\u0662\u0662\u0663\u0663\u0663\u0663'

/** Answers that no STS gives: each must be refused, and not quoted. */
const HOSTILE: Readonly<Record<string, Named>> = {
  'a line of the log in the session': session('ev\n{"level":"info"}'),
  'an escape in the session': session('ev\u001b[31mil'),
  'a C1 control character in the session': session('ev\u009b31mil'),
  'a bidirectional override in the session': session('ev\u202elive'),
  'a space of no width in the session': session('ev\u200bil'),
  'a letter that looks like another in the session': session('\u0435vil'),
  'an emoji in the session': session('ev\u{1f600}il'),
  'half a character in the session': session('ev\ud800il'),
  'a session of 65 characters': session('evil'.repeat(16) + 'x'),
  'a session of 20 kB': session('evil'.repeat(5_000)),
  'another session in the id': session('alice', 'evil'),
  'another case in the id': session('evil', 'Evil'),
  'an escape in the role': session('alice', 'alice', 'ev\u001bil'),
  'a template in the session': session('{{AccessKeyID}}evil'),
  'a colon in the session': session('ev:il'),
  'an escape in a user': user('ev\u001bil'),
  'a newline after a user': user('evil\n'),
  'a bidirectional isolate in the path of a user': user('ev\u2067il/alice'),
  'a user with the id of a session': user('evil', 'AIDAALICE:evil'),
  'a newline after the id of a user': user('evil', 'AIDAEVIL\n'),
  'digits of another script': { accountId: ARABIC, arn: `arn:aws:iam::${ARABIC}:root`, userId: ARABIC },
  'a newline after the account': { accountId: `${ACCOUNT}\n`, arn: `arn:aws:iam::${ACCOUNT}\n:root`, userId: ACCOUNT },
  'root with the id of a user': { accountId: ACCOUNT, arn: ROOT, userId: 'AIDAEVIL' },
  'a federated user of another name': {
    accountId: ACCOUNT,
    arn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`,
    userId: `${ACCOUNT}:evil`,
  },
}

/** Valid answers of STS. */
const SOUND: readonly Named[] = [
  session('alice@example.com'),
  session('i-0123456789abcdef0'),
  session('a='.repeat(32)),
  user('alice'),
  user('team:a/!~/alice'),
  { accountId: ACCOUNT, arn: ROOT, userId: ACCOUNT },
  { accountId: ACCOUNT, arn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`, userId: `${ACCOUNT}:bob` },
]

async function start(t: Test): Promise<{ server: TestServer; tokenOf: (named: Named) => string; environment: object }> {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  const tokenOf = (named: Named): string => signToken(...addIdentity(aws, named))
  return { server, tokenOf, environment: aws.environment }
}

t.test('a malformed answer of STS is an error, and is not quoted', async (t) => {
  const { server, tokenOf } = await start(t)
  for (const [name, named] of Object.entries(HOSTILE)) {
    const answer = await server.review(tokenOf(named))
    t.equal(answer.status, 502, name)
    t.notMatch(answer.text, /authenticated|evil/i, name)
  }
  const count = Object.keys(HOSTILE).length
  t.equal((await metricsOf(server))('refusals_total', { reason: 'sts_bad_answer' }), count)
  t.match(await refusals(server, 1), [{ reason: 'sts_bad_answer' }])
  t.notMatch(server.output(), /evil|[^\n -~]/i)
  for (const named of SOUND) t.equal(verdict(await server.review(tokenOf(named))), true, named.arn)
  t.match(userOf(await server.review(tokenOf(session('alice')))), { extra: { sessionName: ['alice'] } })
})

t.test('verify reports the same, in one line', async (t) => {
  const { tokenOf, environment } = await start(t)
  const folder = temporaryFolder(t)
  for (const name of ['an escape in the session', 'another session in the id', 'digits of another script']) {
    const token = tokenOf(HOSTILE[name] ?? user('alice'))
    const { code, stdout, stderr } = await runCommand(['verify', '-i', 'k8s.local', '-t', token], {
      environment: { ...minimalEnvironment(folder), ...environment, AWS_REGION: 'us-east-1' },
    })
    t.equal(code, 1, name)
    t.equal(stdout, '', name)
    t.match(stderr, /^could not verify token: sts getCallerIdentity failed: [ -~]+\n$/, name)
    t.notMatch(stderr, /evil/i, name)
  }
})
