import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import { test } from 'tap'
import { createGrants, type CachedGrant } from '../../src/login/grants.ts'
import type { Verified } from '../../src/login/verify.ts'

function verifiedAs(accessKeyId: string): Verified {
  const arn = 'arn:aws:iam::111122223333:user/alice'
  const identity = {
    arn,
    canonicalArn: arn,
    kind: 'user',
    accountId: '111122223333',
    userId: 'A',
    sessionName: '',
  } as const
  return { identity: { ...identity, accessKeyId }, stsHost: 'h', isRemembered: true }
}

const user = { username: 'alice', uid: '1' }
const mapped: Mapped = { username: 'alice', groups: [], backend: 'MountedFile', entry: null }
const grant: CachedGrant = { user, loggedUser: user, mapped, fields: {} }

void test('a grant is valid for the same token and mappings only', async (t) => {
  const [first, second, other] = [{}, {}, {}]
  let active: readonly unknown[] = [first, second]
  const grants = createGrants(() => active)
  const alice = verifiedAs('AKIA1')
  t.equal(grants.recall(alice), undefined)
  grants.begin()(alice, grant)
  t.equal(grants.recall(alice), grant)
  t.equal(grants.recall(verifiedAs('AKIA1')), undefined, 'it is the token that counts, not who it is of')
  for (const changed of [[first, other], [second, first], [first], [first, second, other], [], [null, second]]) {
    active = changed
    t.equal(grants.recall(alice), undefined)
  }
  active = [first, second]
  t.equal(grants.recall(alice), grant)
})

void test('a decision is not remembered if the mappings changed during it', async (t) => {
  let active: readonly unknown[] = [{}]
  const grants = createGrants(() => active)
  const alice = verifiedAs('AKIA1')
  const keep = grants.begin()
  active = [{}]
  keep(alice, grant)
  t.equal(grants.recall(alice), undefined)
})
