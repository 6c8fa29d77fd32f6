import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { document } from './documents.ts'
import { exampleEnvironment, startExampleAws, writeProfiles } from './person.ts'
import { prepareShell } from './shell.ts'

/** Replaces values that differ between runs. */
function withoutNumbers(text: string): string {
  return text.replace(/\d+ bytes|signed \d+ s|good for \d+|\bASIA\w+/g, 'N')
}

/** Sections with these blocks: optionally a file aws-auth.yaml, then a command and its output. */
const SECTIONS = [
  ['docs/lint.md', 'What it says'],
  ['docs/explain.md', 'A token'],
  ['docs/explain.md', 'An ARN'],
] as const

for (const [path, heading] of SECTIONS) {
  t.test(`the command of ${path}, ${heading}, prints the output that is shown`, async (t) => {
    const aws = await startExampleAws(t)
    const shell = prepareShell(t, { ...exampleEnvironment('', aws), AWS_PROFILE: 'work' })
    writeProfiles(shell.folder)
    const blocks = document(path).blocks.filter((block) => block.heading === heading)
    const command = blocks.findIndex(({ language }) => language === 'sh')
    const file = blocks[command - 1]?.text
    if (file !== undefined) writeFileSync(join(shell.folder, 'aws-auth.yaml'), file)
    const { stdout, stderr } = await shell.run(blocks[command]?.text ?? '')
    t.equal(stderr, '')
    t.equal(withoutNumbers(stdout), withoutNumbers(blocks[command + 1]?.text ?? ''))
  })
}
