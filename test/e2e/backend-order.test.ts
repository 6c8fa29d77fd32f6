import t from 'tap'
import { MODES, startAll } from './harness/all-backends.ts'
import { modeOf, replaceFile } from './harness/dynamic.ts'

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item].concat(rest)),
  )
}

await t.test('the backends are asked in every configured order', async (t) => {
  const { mode, server, assertActive } = await startAll(t, MODES.join())
  await assertActive(MODES)
  for (const modes of permutations(MODES)) {
    replaceFile(mode, modeOf(modes.join(' ')))
    await assertActive(modes)
  }
  t.equal((await server.stop()).code, 0)
})
