import { test } from 'tap'
import { readJson } from '../../src/api/read-json.ts'

const LIMIT = 16 * 1024 * 1024

async function* body(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

void test('an answer of 16 MiB is read, a longer one is an error', async (t) => {
  const text = `"${'x'.repeat(LIMIT - 2)}"`
  t.equal(await readJson(body(text)), 'x'.repeat(LIMIT - 2))
  await t.rejects(readJson(body(text, ' ')), { message: /16777216 bytes/ })
})

void test('an answer in chunks is one value, and an answer that is not JSON is null', async (t) => {
  t.same(await readJson(body('{"a": ', '[1', ']}')), { a: [1] })
  t.equal(await readJson(body('<html>')), null)
  t.equal(await readJson(body()), null)
})
