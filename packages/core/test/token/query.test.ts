import { Refusal } from '../../src/errors/reasons.ts'
import { test } from 'tap'
import { parseQuery } from '../../src/token/query.ts'

void test('known names in any case, values decoded', async (t) => {
  const parameters = parseQuery('ACTION=GetCallerIdentity&x-amz-Credential=AKIA%2Fx&X-Amz-Signature=&version=a+b%20c')
  t.notOk(parameters instanceof Refusal)
  t.same(parameters instanceof Refusal ? [] : [...parameters], [
    ['action', 'GetCallerIdentity'],
    ['x-amz-credential', 'AKIA/x'],
    ['x-amz-signature', ''],
    ['version', 'a b c'],
  ])
})

void test('each name at most once, in any case and encoding (CVE-2022-2385)', async (t) => {
  for (const second of ['Action', 'action', 'ACTION', 'aCtIoN', '%41ction', '%61%63tion', 'Action%20', '+Action']) {
    t.match(parseQuery(`Action=a&${second}=b`), { reason: 'malformed_token' }, second)
    t.match(parseQuery(`${second}=b&Action=a`), { reason: 'malformed_token' }, `${second} first`)
  }
})

void test('only pairs of a known name and a value are accepted', async (t) => {
  for (const query of [
    '',
    '&',
    'Action',
    '=',
    '=x',
    'Action=a&',
    '&Action=a',
    'Action=a&&Version=b',
    'Action=a;Version=b',
  ]) {
    t.match(parseQuery(query), { reason: 'malformed_token' }, JSON.stringify(query))
  }
  for (const name of ['x', '__proto__', 'constructor', 'Signature', 'X-Amz-Date ', 'X-Amz-Region-Set']) {
    t.match(parseQuery(`${name}=x`), { reason: 'malformed_token' }, name)
  }
})

void test('a badly encoded value, or one that decodes to non-ASCII, is rejected', async (t) => {
  for (const value of [
    '%',
    '%4',
    '%zz',
    '%C0%AF',
    '%ED%A0%80',
    '%FF',
    '%00',
    '%0A',
    '%7F',
    '%C3%89',
    '%E2%84%AA',
    '\u212a',
  ]) {
    t.match(parseQuery(`X-Amz-Signature=${value}`), { reason: 'malformed_token' }, value)
  }
})
