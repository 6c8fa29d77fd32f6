import { reasons, Refusal, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import { jsonAnswer, refusalAnswer } from '../../src/http/answer.ts'
import { REFUSED_403 } from '../../src/http/token-review.ts'

const V1 = 'authentication.k8s.io/v1'
const codes = Object.keys(reasons).filter((code): code is ReasonCode => code in reasons)

void test('each reason has its status, and the answer does not show it', async (t) => {
  for (const code of codes) {
    const { status } = reasons[code]
    const answer = refusalAnswer(new Refusal(code, 'the private reason'), V1, 200)
    t.equal(answer.status, status, code)
    t.equal(answer.headers['retry-after'], status === 429 ? '1' : undefined, code)
    t.equal(answer.headers['allow'], status === 405 ? 'POST' : undefined, code)
    t.match(answer.headers['content-type'], status === 200 ? /^application\/json/ : /^text\/plain/, code)
    t.notOk(answer.body.includes('the private reason'), code)
    if (status === 200) t.match(JSON.parse(answer.body), { apiVersion: V1, status: { authenticated: false, user: {} } })
  }
})

void test('refusalStatus 403 applies only to verdicts', async (t) => {
  for (const code of codes) {
    const answer = refusalAnswer(new Refusal(code, 'why'), V1, 403)
    t.equal(answer.status, reasons[code].status === 200 ? 403 : reasons[code].status, code)
    t.equal(answer.body === REFUSED_403, answer.status === 403, code)
  }
})

void test('a JSON answer declares its character set', async (t) => {
  t.same(jsonAnswer(200, '{}'), {
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: '{}',
  })
})
