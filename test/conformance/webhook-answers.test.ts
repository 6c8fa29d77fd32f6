import t from 'tap'
import { metric, startTestServer, type TestServer } from '../e2e/harness/server.ts'
import { addIdentity, signToken, startAws, USER_CONFIGURATION, userToken } from '../e2e/harness/webhook.ts'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { answerRows, type AnswerRow, type TokenKind } from './webhook-answers.ts'

const STRANGER = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/stranger', userId: 'AIDASTRANGER' }

function tokenFor(aws: SandboxAws, kind: TokenKind): string {
  const [accessKeyId, identity] = addIdentity(aws, STRANGER)
  if (kind === 'mapped') return userToken()
  if (kind === 'of another cluster') return userToken({ clusterId: 'another.cluster' })
  if (kind === 'no token of ours') return 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln'
  if (kind === 'none') return ''
  if (kind === 'of a deleted key') aws.sts.identities.delete(accessKeyId)
  return signToken(accessKeyId, identity)
}

function ask(server: TestServer, aws: SandboxAws, { token, apiVersion }: AnswerRow): ReturnType<TestServer['request']> {
  const named = apiVersion === null ? {} : { apiVersion, kind: 'TokenReview' }
  const body = JSON.stringify({ ...named, spec: { token: tokenFor(aws, token) } })
  return server.request({ path: '/authenticate', method: 'POST', body })
}

for (const refusalStatus of [200, 403]) {
  t.test(`every answer, with refusalStatus ${refusalStatus}`, async (t) => {
    const aws = await startAws(t)
    const configuration = `${USER_CONFIGURATION}  refusalStatus: ${refusalStatus}\n`
    const server = await startTestServer(t, { aws, configuration })
    const counted = async (reason: string): Promise<number> => {
      const { text } = await server.request({ path: '/metrics' })
      return metric(text, 'aws_iam_authenticator_refusals_total', { reason }) ?? 0
    }
    for (const row of answerRows) {
      const before = row.reason === null ? 0 : await counted(row.reason)
      const { status, json, headers } = await ask(server, aws, row)
      const verdict = row.authenticated === false ? refusalStatus : row.status
      t.equal(status, verdict, row.name)
      if (row.authenticated !== null) t.equal(headers['content-type'], 'application/json; charset=UTF-8', row.name)
      if (row.authenticated === false && refusalStatus === 403) {
        t.same(json, { metadata: {}, spec: {}, status: { user: {} } }, row.name)
      } else if (row.authenticated !== null) {
        t.match(json, {
          apiVersion: row.apiVersion ?? 'authentication.k8s.io/v1beta1',
          kind: 'TokenReview',
          status: { authenticated: row.authenticated },
        })
        t.notMatch(json, { status: { error: /./ } }, row.name)
      }
      // The log does not have a line for each of that many.
      if (row.reason !== null) t.equal(await counted(row.reason), before + 1, `${row.name}: its reason`)
    }
  })
}
