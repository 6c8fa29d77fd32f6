import t from 'tap'
import type { Identity } from '@aws-iam-authenticator/sandbox/aws/account'
import { USER } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startTestServer } from './harness/server.ts'
import {
  addIdentity,
  refusals,
  signToken,
  startAws,
  USER_CONFIGURATION,
  userOf,
  userToken,
  verdict,
} from './harness/webhook.ts'

const V1BETA1 = 'authentication.k8s.io/v1beta1'
const V1 = 'authentication.k8s.io/v1'
const ACCOUNT = '111122223333'
const OTHER_ACCOUNT = '444455556666'

t.test('the answer has the requested version, or v1beta1 without one', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  for (const apiVersion of [V1BETA1, V1]) {
    const answer = await server.review(userToken(), apiVersion)
    t.equal(answer.status, 200)
    t.equal(answer.headers['content-type'], 'application/json; charset=UTF-8')
    t.same(Object.keys(answer.json ?? {}), ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
    t.match(answer.json, { apiVersion, kind: 'TokenReview', status: { authenticated: true } })
    t.notOk(answer.text.includes('k8s-aws-v1'), 'the token is not sent back')
  }
  const body = JSON.stringify({ spec: { token: userToken() } })
  const answer = await server.request({ path: '/authenticate', method: 'POST', body })
  t.match(answer.json, { apiVersion: V1BETA1, kind: 'TokenReview', status: { authenticated: true } })
})

t.test('without server.apiAudiences the answer names no audience, whatever is requested', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: USER_CONFIGURATION })
  for (const audiences of [undefined, [], ['https://kubernetes.default.svc'], ['a', 'b']]) {
    const answer = await server.review(userToken(), V1, audiences === undefined ? {} : { audiences })
    t.equal(verdict(answer), true)
    t.notMatch(answer.text, /audiences/)
  }
})

t.test('with server.apiAudiences the answer names the requested ones that are served; none is a refusal', async (t) => {
  const aws = await startAws(t)
  const configuration = `${USER_CONFIGURATION}  apiAudiences: [https://kubernetes.default.svc, api]\n`
  const server = await startTestServer(t, { aws, configuration })
  const review = (audiences?: readonly string[]): ReturnType<typeof server.review> =>
    server.review(userToken(), V1, audiences === undefined ? {} : { audiences })

  for (const audiences of [undefined, []]) {
    const answer = await review(audiences)
    t.equal(verdict(answer), true)
    t.notMatch(answer.text, /audiences/)
  }
  t.match((await review(['api'])).json, { status: { authenticated: true, audiences: ['api'] } })
  const both = await review(['vault', 'api', 'https://kubernetes.default.svc'])
  t.match(both.json, { status: { authenticated: true, audiences: ['api', 'https://kubernetes.default.svc'] } })

  const asked = aws.sts.requests.length
  for (const audiences of [['vault'], ['API'], ['api/'], ['']]) {
    const answer = await review(audiences)
    t.match(answer.json, { apiVersion: V1, status: { authenticated: false, user: {}, audiences: undefined } })
  }
  t.equal(aws.sts.requests.length, asked, 'STS is not asked')
  t.match((await refusals(server, 4)).at(-1), { reason: 'unsupported_audience' })
})

interface Expected {
  readonly identity: Omit<Identity, 'secretAccessKey'>
  readonly username: string
  readonly uid: string
  readonly groups?: readonly string[]
  readonly canonicalArn: string
  readonly principalId: string
  readonly sessionName: string
}

function person(arn: string, userId: string, accountId = ACCOUNT): Expected['identity'] {
  return { accountId, arn, userId }
}

const IDENTITIES: Readonly<Record<string, Expected>> = {
  'a user': {
    identity: person(USER.arn, USER.userId),
    username: 'alice',
    uid: `aws-iam-authenticator:${ACCOUNT}:${USER.userId}`,
    canonicalArn: USER.arn,
    principalId: USER.userId,
    sessionName: '',
  },
  'the root of an account': {
    identity: person(`arn:aws:iam::${ACCOUNT}:root`, ACCOUNT),
    username: 'root',
    uid: `aws-iam-authenticator:${ACCOUNT}:${ACCOUNT}`,
    groups: ['roots'],
    canonicalArn: `arn:aws:iam::${ACCOUNT}:root`,
    principalId: ACCOUNT,
    sessionName: '',
  },
  'a federated user': {
    identity: person(`arn:aws:sts::${ACCOUNT}:federated-user/bob`, `${ACCOUNT}:bob`),
    username: 'bob',
    uid: `aws-iam-authenticator:${ACCOUNT}:${ACCOUNT}:bob`,
    groups: ['guests', 'readers'],
    canonicalArn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`,
    principalId: `${ACCOUNT}:bob`,
    sessionName: '',
  },
  'a session of a role': {
    identity: person(`arn:aws:sts::${ACCOUNT}:assumed-role/Reader/eve@example.com`, 'AROAREADER:eve@example.com'),
    username: 'reader:eve-example.com',
    uid: `aws-iam-authenticator:${ACCOUNT}:AROAREADER`,
    groups: ['readers'],
    canonicalArn: `arn:aws:iam::${ACCOUNT}:role/Reader`,
    principalId: 'AROAREADER',
    sessionName: 'eve@example.com',
  },
  'a session of a role whose entry is in another case': {
    identity: person(`arn:aws:sts::${ACCOUNT}:assumed-role/Ops-Team/sam`, 'AROAOPS:sam'),
    username: 'ops',
    uid: `aws-iam-authenticator:${ACCOUNT}:AROAOPS`,
    canonicalArn: `arn:aws:iam::${ACCOUNT}:role/Ops-Team`,
    principalId: 'AROAOPS',
    sessionName: 'sam',
  },
  'someone of an account that is mapped': {
    identity: person(`arn:aws:sts::${OTHER_ACCOUNT}:assumed-role/Any/zoe`, 'AROAANY:zoe', OTHER_ACCOUNT),
    username: `arn:aws:iam::${OTHER_ACCOUNT}:role/Any`,
    uid: `aws-iam-authenticator:${OTHER_ACCOUNT}:AROAANY`,
    canonicalArn: `arn:aws:iam::${OTHER_ACCOUNT}:role/Any`,
    principalId: 'AROAANY',
    sessionName: 'zoe',
  },
  'an entry in an account that is mapped': {
    identity: person(`arn:aws:iam::${OTHER_ACCOUNT}:user/kim`, 'AIDAKIM', OTHER_ACCOUNT),
    username: 'kim',
    uid: `aws-iam-authenticator:${OTHER_ACCOUNT}:AIDAKIM`,
    canonicalArn: `arn:aws:iam::${OTHER_ACCOUNT}:user/kim`,
    principalId: 'AIDAKIM',
    sessionName: '',
  },
}

const CONFIGURATION = `
clusterID: k8s.local
server:
  mapRoles:
    - roleARN: arn:aws:iam::${ACCOUNT}:role/Reader
      username: reader:{{SessionName}}
      groups: [readers]
    - rolearn: ARN:AWS:IAM::${ACCOUNT}:ROLE/ops-team
      username: ops
      groups: []
    - rolearn: arn:aws:iam::${ACCOUNT}:role/team/Deployer
      username: deployer
    - rolearn: arn:aws:iam::${ACCOUNT}:user/twice
      username: from-roles
  mapUsers:
    - userARN: ${USER.arn}
      username: alice
    - userarn: arn:aws:iam::${ACCOUNT}:root
      username: root
      groups: [roots]
    - userarn: arn:aws:sts::${ACCOUNT}:federated-user/bob
      username: bob
      groups: [guests, readers]
    - userarn: arn:aws:iam::${OTHER_ACCOUNT}:user/kim
      username: kim
    - userarn: arn:aws:iam::${ACCOUNT}:user/twice
      username: from-users
  mapAccounts: ["${OTHER_ACCOUNT}"]
`

t.test('the user in the answer has exactly the documented fields', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  for (const [name, { identity, username, uid, groups, canonicalArn, principalId, sessionName }] of Object.entries(
    IDENTITIES,
  )) {
    const [accessKeyId, known] = addIdentity(aws, identity)
    const answer = await server.review(signToken(accessKeyId, known))
    t.same(
      userOf(answer),
      {
        username,
        uid,
        ...(groups === undefined ? {} : { groups }),
        extra: {
          arn: [identity.arn],
          canonicalArn: [canonicalArn],
          sessionName: [sessionName],
          accessKeyId: [accessKeyId],
          principalId: [principalId],
          'sigs.k8s.io/aws-iam-authenticator/principalId': [principalId],
        },
      },
      name,
    )
  }
})

t.test('roles come before users; paths in an entry, other accounts and other partitions do not match', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  const login = (arn: string, userId: string): ReturnType<typeof server.review> =>
    server.review(signToken(...addIdentity(aws, { accountId: arn.split(':')[4] ?? '', arn, userId })))
  t.match(userOf(await login(`arn:aws:iam::${ACCOUNT}:user/twice`, 'AIDATWICE')), { username: 'from-roles' })

  const strangers = [
    // The role is role/team/Deployer in IAM; STS leaves the path out.
    [`arn:aws:sts::${ACCOUNT}:assumed-role/Deployer/sam`, 'AROADEPLOYER:sam'],
    ['arn:aws:sts::999999999999:assumed-role/Reader/sam', 'AROAREADER9:sam'],
    [`arn:aws:iam::${ACCOUNT}:user/alice`, 'AIDAOTHERALICE'],
    [`arn:aws:iam::${ACCOUNT}:user/staff/alice2`, 'AIDAALICE2'],
    [`arn:aws:sts::${ACCOUNT}:federated-user/bobby`, `${ACCOUNT}:bobby`],
  ] as const
  for (const [arn, userId] of strangers) t.equal(verdict(await login(arn, userId)), false, arn)
  const denied = await refusals(server, strangers.length)
  t.same(new Set(denied.map(({ reason }) => reason)), new Set(['not_mapped']))
  t.same(
    denied.map(({ arn }) => arn),
    strangers.map(([arn]) => arn.replace(/:sts:(.*):assumed-role\/(\w+)\/sam$/, ':iam:$1:role/$2')),
    'the log has the canonical ARN',
  )
})
