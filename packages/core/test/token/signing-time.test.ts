import { PRESIGNED_URL_LIFETIME_MS } from '../../src/token/signing-time.ts'
import { test } from 'tap'
import { checkSigningTime } from '../../src/token/signing-time.ts'

const NOW = new Date('2024-02-29T12:00:00.000Z')

void test('the lifetime is that of AWS', async (t) => {
  t.equal(PRESIGNED_URL_LIFETIME_MS, 900_000)
})

void test('accepted from 15 minutes old to 5 minutes ahead, both included', async (t) => {
  for (const text of ['20240229T114500Z', '20240229T115959Z', '20240229T120000Z', '20240229T120500Z']) {
    const signedAt = checkSigningTime(text, NOW)
    t.equal(signedAt instanceof Date && signedAt.toISOString().replace(/[-:]|\.000/g, ''), text)
  }
  t.match(checkSigningTime('20240229T114459Z', NOW), { reason: 'expired' })
  t.match(checkSigningTime('20240229T120501Z', NOW), { reason: 'clock_ahead' })
  t.match(checkSigningTime('20240229T114500Z', new Date(NOW.getTime() + 1)), { reason: 'expired' })
  t.match(checkSigningTime('20240229T120500Z', new Date(NOW.getTime() - 1)), { reason: 'clock_ahead' })
})

void test('the error has the number of minutes', async (t) => {
  t.match(checkSigningTime('20240229T110000Z', NOW), { message: /60 minutes/ })
  t.match(checkSigningTime('20240229T120600Z', NOW), { message: /6 minutes/ })
})

void test('a nonexistent or differently formatted date is malformed', async (t) => {
  const texts = ['', '20240230T120000Z', '20230229T120000Z', '20240431T120000Z', '20241301T000000Z', '20240100T000000Z']
  const more = ['20240229T240000Z', '20240229T235960Z', '20240229T126000Z', '20240229t120000Z', '20240229T120000z']
  const others = [
    '20240229T120000.5Z',
    '2024-02-29T12:00:00Z',
    '20240229T120000',
    '20240229',
    ' 20240229T120000Z',
    '1709208000',
  ]
  for (const text of [undefined, ...texts, ...more, ...others, '20240229T120000Z\n', '\u0662\u0660240229T120000Z']) {
    t.match(checkSigningTime(text, NOW), { reason: 'malformed_token' }, JSON.stringify(text))
  }
})

void test('an invalid clock accepts nothing', async (t) => {
  t.match(checkSigningTime('20240229T120000Z', new Date(Number.NaN)), { reason: /^(expired|clock_ahead)$/ })
})
