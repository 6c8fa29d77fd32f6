import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { minimalEnvironment } from '../e2e/harness/command.ts'
import { document } from './documents.ts'
import { prepareShell } from './shell.ts'

t.test('lint says what lint.md shows', async (t) => {
  const shell = prepareShell(t, minimalEnvironment(''))
  const blocks = document('docs/lint.md').blocks.filter(({ heading }) => heading === 'What it says')
  const [file, command, shown] = blocks.map(({ text }) => text)
  writeFileSync(join(shell.folder, 'aws-auth.yaml'), file ?? '')
  const { stdout, stderr } = await shell.run(command ?? '')
  t.equal(stderr, '')
  t.equal(stdout, shown)
})
