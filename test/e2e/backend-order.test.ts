import t from 'tap'
import { MODES, startAll } from './harness/all-backends.ts'
import { modeOf, replaceFile } from './harness/dynamic.ts'

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item].concat(rest)),
  )
}

await t.test('every order of the backends is an order in which they are asked', async (t) => {
  const { mode, server, inForce } = await startAll(t, MODES.join())
  await inForce(MODES)
  for (const modes of permutations(MODES)) {
    replaceFile(mode, modeOf(modes.join(' ')))
    await inForce(modes)
  }
  t.equal((await server.stop()).code, 0)
})
