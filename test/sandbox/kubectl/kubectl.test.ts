import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import t from 'tap'
import { binariesRunHere, helm, kubectl } from './kubectl.ts'
import { runBinary } from './run-binary.ts'

const skip = binariesRunHere ? false : 'the binaries are for Linux on x86-64'

for (const version of ['1.20', '1.35'] as const) {
  await t.test(`kubectl ${version}`, { skip }, async (test) => {
    const cwd = test.testdir({})
    const path = await kubectl(version)
    const { stdout } = await runBinary(path, ['version', '--client', '--output=json'], { cwd, env: { HOME: cwd } })
    test.match(JSON.parse(stdout), {
      clientVersion: { gitVersion: new RegExp(`^v${version.replace('.', '\\.')}\\.\\d+$`) },
    })
  })
}

await t.test('helm', { skip }, async (test) => {
  const cwd = test.testdir({})
  const { stdout } = await runBinary(await helm(), ['version', '--template={{.Version}}'], { cwd, env: { HOME: cwd } })
  test.match(stdout, /^v\d+\.\d+\.\d+$/)
})

await t.test('two concurrent callers get one complete binary', async (test) => {
  const [first, second] = await Promise.all([kubectl('1.35'), kubectl('1.35')])
  test.equal(first, second)
  await access(first, constants.X_OK)
})
