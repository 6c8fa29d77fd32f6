import { userInfo } from '../../src/mapping/user-info.ts'
import type { Identity } from '../../src/identity/caller-identity.ts'
import type { Mapped } from '../../src/mapping/decide.ts'
import { test } from 'tap'

const identity: Identity = {
  arn: 'arn:aws:sts::123456789012:assumed-role/Admin/alice',
  canonicalArn: 'arn:aws:iam::123456789012:role/Admin',
  kind: 'role',
  accountId: '123456789012',
  userId: 'AROAEXAMPLE',
  sessionName: '',
  accessKeyId: 'ASIAEXAMPLE',
}
const mapped: Mapped = { username: 'admin', groups: ['system:masters'], backend: 'CRD', entry: null }

void test('the user in the answer to the API server', async (t) => {
  t.same(userInfo(identity, mapped, false), {
    username: 'admin',
    uid: 'aws-iam-authenticator:123456789012:AROAEXAMPLE',
    groups: ['system:masters'],
    extra: {
      arn: [identity.arn],
      canonicalArn: [identity.canonicalArn],
      sessionName: [''],
      accessKeyId: ['ASIAEXAMPLE'],
      principalId: ['AROAEXAMPLE'],
      'sigs.k8s.io/aws-iam-authenticator/principalId': ['AROAEXAMPLE'],
    },
  })
})

void test('empty groups are left out', async (t) => {
  t.notOk('groups' in userInfo(identity, { ...mapped, groups: [] }, false))
  t.notOk('groups' in userInfo(identity, { ...mapped, groups: [] }, true))
})

void test('scrubbed accounts get only username and groups', async (t) => {
  const told = userInfo(identity, mapped, true)
  t.same(told, { username: 'admin', uid: 'aws-iam-authenticator:administrative:admin', groups: ['system:masters'] })
  t.notMatch(JSON.stringify(told), /123456789012|AROAEXAMPLE|ASIAEXAMPLE|arn:/)
})
