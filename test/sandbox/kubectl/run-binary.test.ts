import t from 'tap'
import { runBinary } from './run-binary.ts'

await t.test('output, input, environment and exit code', async (test) => {
  const cwd = test.testdir({})
  const program =
    'process.stdin.pipe(process.stderr); console.log(process.env.ONE, process.env.PATH); process.exitCode = 3'
  const result = await runBinary(process.execPath, ['-e', program], { cwd, env: { ONE: '1' }, input: 'in' })
  test.strictSame(result, { code: 3, stdout: '1 undefined\n', stderr: 'in' })
})

await t.test('a missing program', async (test) => {
  const cwd = test.testdir({})
  await test.rejects(runBinary(`${cwd}/nothing`, [], { cwd, env: {} }), { code: 'ENOENT' })
})
