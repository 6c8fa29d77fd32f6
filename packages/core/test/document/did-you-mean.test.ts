import { didYouMean } from '../../src/document/did-you-mean.ts'
import { test } from 'tap'
import { distance } from '../../src/document/did-you-mean.ts'

void test('the closest of several similar names is suggested', async (t) => {
  t.match(didYouMean('maprole', ['mapUsers', 'mapRoles']), 'mapRoles')
  t.match(didYouMean('MAPROLES', ['mapRoles']), 'mapRoles')
  t.match(didYouMean('rolarn', ['userarn', 'rolearn']), 'rolearn')
  t.match(didYouMean('x', ['y']), 'y')
})

void test('nothing is suggested if no name is similar', async (t) => {
  for (const written of ['', 'port', 'mapRolesAndUsers', 'm'.repeat(100_000)])
    t.equal(didYouMean(written, ['mapRoles']), '')
  t.equal(didYouMean('mapRoles', []), '')
})

void test('two swapped letters are one typo, like an extra, missing or wrong letter', async (t) => {
  for (const [a, b, letters] of [
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'acb', 1],
    ['ab', 'ba', 1],
    ['abcd', 'badc', 2],
    ['abc', 'abxc', 1],
    ['abc', 'ac', 1],
    ['abc', 'axc', 1],
    ['abc', 'xyz', 3],
    ['abc', 'cab', 2],
  ] as const) {
    t.equal(distance(a, b), letters, `${a} ${b}`)
    t.equal(distance(b, a), letters, `${b} ${a}`)
  }
})
