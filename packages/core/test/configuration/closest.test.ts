import { didYouMean } from '@aws-iam-authenticator/core'
import { test } from 'tap'

void test('a name that is close is offered, the closest of several', async (t) => {
  t.match(didYouMean('maprole', ['mapUsers', 'mapRoles']), 'mapRoles')
  t.match(didYouMean('MAPROLES', ['mapRoles']), 'mapRoles')
  t.match(didYouMean('rolarn', ['userarn', 'rolearn']), 'rolearn')
  t.match(didYouMean('x', ['y']), 'y')
})

void test('nothing is offered where nothing is close', async (t) => {
  for (const written of ['', 'port', 'mapRolesAndUsers', 'm'.repeat(100_000)])
    t.equal(didYouMean(written, ['mapRoles']), '')
  t.equal(didYouMean('mapRoles', []), '')
})
