import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'tap'
import { createWriter } from '../../src/terminal/writer.ts'

void test('a line stays one line, a document keeps its lines, and colours are added after escaping', (t) => {
  const written: string[] = []
  const writer = createWriter((text) => written.push(text))
  const hostile = 'a\n\tb\u001b[0m\u202e'
  writer.line(hostile)
  writer.lines([hostile, ['x ', { text: hostile, colours: ['red', 'bold'] }]])
  writer.prompt(hostile)
  writer.document(hostile)
  const escaped = 'a\\n\\tb\\u001b[0m\\u202e'
  t.same(written, [
    `${escaped}\n`,
    `${escaped}\nx \u001b[31m\u001b[1m${escaped}\u001b[39m\u001b[22m\n`,
    escaped,
    'a\n\tb\\u001b[0m\\u202e',
  ])
  t.end()
})

const writerPath = join(import.meta.dirname, '../../src/terminal/writer.ts')
const SCRIPT = `
const { captureLibraryOutput } = await import(${JSON.stringify(writerPath)})
captureLibraryOutput()
for (const name of ['debug', 'error', 'info', 'log', 'trace', 'warn']) console[name](name, '\\u001b[2J\\nforged', { a: 1 })
process.emitWarning('warned \\u001b[2J\\nforged')
`
const runtimes: Readonly<Record<string, string>> = {
  node: process.execPath,
  bun: createRequire(import.meta.url).resolve('bun/bin/bun.exe'),
}

for (const [name, program] of Object.entries(runtimes)) {
  void test(`the output of libraries goes to stderr, escaped: ${name}`, (t) => {
    const conditions = '--conditions=aws-iam-authenticator-source'
    const args = name === 'bun' ? ['-e'] : ['--input-type=module', '-e']
    const { stdout, stderr, status } = spawnSync(program, [conditions, ...args, SCRIPT], { encoding: 'utf8' })
    t.same([status, stdout], [0, ''])
    const lines = ['debug', 'error', 'info', 'log', 'trace', 'warn'].map(
      (each) => `${each} \\u001b[2J\\nforged { a: 1 }`,
    )
    t.same(stderr.split('\n').sort(), ['', ...lines, 'Warning: warned \\u001b[2J\\nforged'].sort())
    t.end()
  })
}
