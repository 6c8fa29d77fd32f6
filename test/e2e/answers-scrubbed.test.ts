import t from 'tap'
import { startTestServer } from './harness/server.ts'
import { addIdentity, signToken, startAws, userOf, verdict } from './harness/webhook.ts'

const SCRUBBED = '111122223333'
const SCRUBBED_WHOLE = '777788889999'
const PLAIN = '444455556666'

const CONFIGURATION = `
clusterID: k8s.local
server:
  scrubbedAccounts: ["${SCRUBBED}", "${SCRUBBED_WHOLE}"]
  mapRoles:
    - rolearn: arn:aws:iam::${SCRUBBED}:role/Plain
      username: ops
      groups: [ops]
    - rolearn: arn:aws:iam::${SCRUBBED}:role/Telling
      username: "{{AccountID}}:{{SessionName}}:{{AccessKeyID}}"
      groups: ["account-{{AccountID}}", "key:{{AccessKeyID}}", "{{SessionNameRaw}}"]
    - rolearn: arn:aws:iam::${SCRUBBED}:role/Node
      username: "node:{{EC2PrivateDNSName}}"
    - rolearn: arn:aws:iam::${SCRUBBED}:role/Reserved
      username: "{{AccountID}}-reserved"
    - rolearn: arn:aws:iam::${PLAIN}:role/Reader
      username: reader
  mapAccounts: ["${SCRUBBED_WHOLE}"]
  reservedPrefixConfig:
    - backendMode: MountedFile
      usernamePrefixReserveList: ["${SCRUBBED}-"]
`

t.test('for a scrubbed account the API server gets only the user, and the log has neither ARN nor ids', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION, args: ['--log-verbosity=trace'] })
  const secrets: string[] = []
  const login = (accountId: string, role: string, session: string): ReturnType<typeof signIn> => {
    const id = `AROA${role.replace('/', '').toUpperCase()}${accountId}`
    return signIn(accountId, `arn:aws:sts::${accountId}:assumed-role/${role}/${session}`, `${id}:${session}`)
  }
  async function signIn(
    accountId: string,
    arn: string,
    userId: string,
  ): Promise<{ user: unknown; key: string; ok: unknown }> {
    const [key, identity] = addIdentity(aws, { accountId, arn, userId })
    if (accountId !== PLAIN) secrets.push(arn, key, userId, userId.split(':')[0] ?? '', accountId)
    const answer = await server.review(signToken(key, identity))
    return { user: userOf(answer), key, ok: verdict(answer) }
  }

  t.same((await login(SCRUBBED, 'Plain', 'sam')).user, {
    username: 'ops',
    uid: 'aws-iam-authenticator:administrative:ops',
    groups: ['ops'],
  })
  const telling = await login(SCRUBBED, 'Telling', 'kim@example.com')
  const username = `${SCRUBBED}:kim-example.com:${telling.key}`
  t.same(telling.user, {
    username,
    uid: `aws-iam-authenticator:administrative:${username}`,
    groups: [`account-${SCRUBBED}`, `key:${telling.key}`, 'kim@example.com'],
  })
  const arn = `arn:aws:iam::${SCRUBBED_WHOLE}:user/staff/zoe`
  t.same((await signIn(SCRUBBED_WHOLE, arn, 'AIDAZOEZOEZOE')).user, {
    username: arn,
    uid: `aws-iam-authenticator:administrative:${arn}`,
  })
  t.same((await login(SCRUBBED_WHOLE, 'Any', 'max')).user, {
    username: `arn:aws:iam::${SCRUBBED_WHOLE}:role/Any`,
    uid: `aws-iam-authenticator:administrative:arn:aws:iam::${SCRUBBED_WHOLE}:role/Any`,
  })
  const refused = [
    await login(SCRUBBED, 'Nobody', 'eve'),
    await login(SCRUBBED, 'Node', 'no-instance'),
    await login(SCRUBBED, 'Reserved', 'eve'),
    await login(SCRUBBED, 'Telling/Path', 'eve'),
  ]
  t.same(
    refused.map(({ ok }) => ok),
    refused.map(() => false),
  )

  const open = await login(PLAIN, 'Reader', 'tom')
  t.match(open.user, { extra: { accessKeyId: [open.key] }, uid: `aws-iam-authenticator:${PLAIN}:AROAREADER${PLAIN}` })
  await server.stop()

  const decisions = server
    .log()
    .filter(({ msg }) => /^(?:STS response|access granted|access denied)$/.test(String(msg)))
  // Only the account that is not scrubbed has a line about the answer of STS.
  t.equal(decisions.length, 9 + 1)
  t.equal(decisions.filter(({ msg }) => msg === 'STS response').length, 1)
  const text = server
    .output()
    .split('\n')
    .filter((line) => !line.includes(PLAIN))
    .join('\n')
  for (const secret of new Set(secrets)) {
    t.notOk(text.includes(secret), `the log does not hold ${secret.replace(/\d{12}/, '<account>')}`)
  }
  for (const line of decisions.filter(({ accountid }) => accountid !== PLAIN)) {
    t.match(line, { path: '/authenticate', method: 'POST', stsendpoint: 'sts.us-east-1.amazonaws.com' })
    for (const field of ['arn', 'accountid', 'accesskeyid', 'userid', 'session']) t.notOk(field in line, field)
  }
  t.match(
    decisions.find(({ msg, backend }) => msg === 'access granted' && backend === 'MountedFile'),
    { username: 'ops', groups: ['ops'], uid: 'aws-iam-authenticator:administrative:ops' },
    'username and groups are told',
  )
  t.match(
    decisions.find(({ accountid }) => accountid === PLAIN),
    { arn: `arn:aws:sts::${PLAIN}:assumed-role/Reader/tom`, userid: `AROAREADER${PLAIN}`, session: 'tom' },
  )
})
