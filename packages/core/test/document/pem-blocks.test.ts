import { pemBlocks } from '../../src/document/pem-blocks.ts'
import { test } from 'tap'

const block = (label: string, body = 'QQ=='): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`
const CERTIFICATE = block('CERTIFICATE')

void test('blocks are found by label, and text around them is ignored', (t) => {
  const key = block('PRIVATE KEY')
  const rows: readonly (readonly [text: string, blocks: readonly string[]])[] = [
    ['', []],
    ['nothing', []],
    [CERTIFICATE, [CERTIFICATE]],
    [`subject: a\n${CERTIFICATE}\n${key}\n${CERTIFICATE}${CERTIFICATE}\n`, [CERTIFICATE, CERTIFICATE, CERTIFICATE]],
    ['-----BEGIN CERTIFICATE-----\nQQ==', []],
    ['QQ==\n-----END CERTIFICATE-----', []],
    [block('TRUSTED CERTIFICATE'), []],
    ['-----BEGIN CERTIFICATE-----\nQQ==\n-----END PRIVATE KEY-----', []],
    [`-----BEGIN CERTIFICATE-----\ncut off\n${CERTIFICATE}`, [CERTIFICATE]],
    [`-----BEGIN PRIVATE KEY-----\n${CERTIFICATE}`, [CERTIFICATE]],
    [CERTIFICATE.replaceAll('\n', '\r\n'), [CERTIFICATE.replaceAll('\n', '\r\n')]],
  ]
  for (const [text, blocks] of rows) t.same(pemBlocks(text, ['CERTIFICATE']), blocks, text)
  const trusted = block('TRUSTED CERTIFICATE')
  t.same(pemBlocks(CERTIFICATE + trusted, ['CERTIFICATE', 'TRUSTED CERTIFICATE']), [CERTIFICATE, trusted])
  t.end()
})

void test('reading takes time linear in the length', (t) => {
  const started = Date.now()
  const parts = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '-----BEGIN ', '-----END ', '-----', '-']
  for (const part of parts) t.same(pemBlocks(part.repeat(300_000), ['CERTIFICATE']), [])
  t.same(pemBlocks('-----BEGIN CERTIFICATE-----'.repeat(300_000) + CERTIFICATE, ['CERTIFICATE']), [CERTIFICATE])
  t.ok(Date.now() - started < 20_000)
  t.end()
})
