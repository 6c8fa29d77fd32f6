import { parseIdentityMapping } from '@aws-iam-authenticator/core'
import { test } from 'tap'

const ARN = 'arn:aws:iam::123456789012:role/Admin'
const parse = (spec: unknown, rest: object = {}) =>
  parseIdentityMapping({ metadata: { name: 'x' }, spec, ...rest }, 'x')

void test('an object maps the canonical ARN of its spec', async (t) => {
  t.match(parse({ arn: ARN, username: 'u', groups: ['g'] }), {
    entry: { key: { type: 'arn', arn: ARN.toLowerCase() }, username: 'u', groups: ['g'], path: 'IAMIdentityMapping x' },
    errors: [],
    warnings: [],
  })
  for (const groups of [undefined, null, []])
    t.match(parse({ arn: ARN, username: 'u', groups }), { entry: { groups: [] } })
  const session = 'arn:aws:sts::123456789012:assumed-role/Admin/alice'
  t.match(parse({ arn: session, username: 'u' }), { entry: { key: { arn: ARN.toLowerCase() } } })
})

void test('its status is nothing to go by', async (t) => {
  const status = { canonicalARN: 'arn:aws:iam::123456789012:role/other' }
  t.match(parse({ arn: ARN, username: 'u' }, { status }), { entry: { key: { arn: ARN.toLowerCase() } } })
})

void test('a bad object has no entry, and says why', async (t) => {
  for (const spec of [
    undefined,
    null,
    [],
    'text',
    {},
    { arn: ARN },
    { username: 'u' },
    { arn: 1, username: 'u' },
    { arn: '', username: 'u' },
    { arn: 'Admin', username: 'u' },
    { arn: 'arn:mars:iam::123456789012:role/x', username: 'u' },
    { arn: ARN, username: 1 },
    { arn: ARN, username: 'u', groups: 'g' },
    { arn: ARN, username: 'u', groups: [1] },
  ]) {
    const { entry, errors } = parse(spec)
    t.equal(entry, null, JSON.stringify(spec))
    t.ok(errors.length > 0, JSON.stringify(spec))
  }
})

void test('oddities are warned about', async (t) => {
  t.equal(parse({ arn: ARN, username: '', groups: ['{{X}}'] }).warnings.length, 2)
})
