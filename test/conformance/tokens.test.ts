import { parseToken } from '@aws-iam-authenticator/core/token/presigned-url'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import { goodToken, policyOf } from './good-token.ts'
import { hostileTokens } from './hostile-tokens.ts'

void test('the rows of the table have distinct names, and each changes the token', async (t) => {
  t.equal(new Set(hostileTokens.map(({ name }) => name)).size, hostileTokens.length)
  const good = goodToken()
  const unaltered = hostileTokens.find(({ name }) => name === 'unaltered')?.make(good)
  const same = hostileTokens.filter(({ name, make }) => name !== 'unaltered' && make(good) === unaltered)
  t.same(
    same.map(({ name }) => name),
    [],
  )
})

void test('every row is refused for its reason or passed on unchanged', async (t) => {
  const good = goodToken()
  for (const row of hostileTokens) {
    const token = row.make(good)
    const result = parseToken(token, policyOf())
    if ('reason' in row) {
      t.equal(result instanceof Refusal ? result.reason : 'accepted', row.reason, row.name)
      continue
    }
    t.notOk(result instanceof Refusal, row.name)
    if (result instanceof Refusal) continue
    const url = Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString()
    t.equal(`https://${result.host}/?${result.query}`, url, `${row.name}: byte for byte`)
    t.equal(result.accessKeyId, good.accessKeyId, `${row.name}: the same access key`)
  }
})

void test('no refusal repeats text of the client', async (t) => {
  const good = goodToken()
  for (const row of hostileTokens) {
    const token = row.make(good)
    const result = parseToken(token, policyOf())
    if (!(result instanceof Refusal)) continue
    const written = Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString('latin1')
    for (const secret of [good.accessKeyId, '0123456789abcdef', 'RXhhbXBsZVNlc3Npb25Ub2tlbg', 'evil', written]) {
      if (secret !== '' && result.message.includes(secret)) t.fail(`${row.name}: the message repeats the token`)
    }
    t.match(result.message, /^[\x20-\x7e]{1,200}$/, `${row.name}: one short line`)
  }
})
