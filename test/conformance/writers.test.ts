import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const ROOT = join(import.meta.dirname, '../..')
const WRITERS = 'packages/cli/src/terminal/writer.ts'

/** Writes to stdout, stderr and the terminal that bypass the writers. */
const WAYS: readonly RegExp[] = [
  /\bconsole\b/,
  /\bprocess\W{1,4}(?:stdout|stderr)\b|=\s*process\s*;?$|['"](?:node:)?console['"]/,
  /\bwriteSync\b|\bcreateWriteStream\b|\b_rawDebug\b|\bWriteStream\b/,
  /\b(?:write|writeFile|writeFileSync|appendFile|appendFileSync)\(\s*[12],/,
  /['"]inherit['"]/,
  /\/dev\/(?:stdout|stderr|tty|fd)/,
  /\b(?:Bun|process)\.(?:write|emitWarning|binding)\b/,
  /\\u001b|\\x1b|\\u\{1b\}|\\033/i,
]

/** Lines that match without writing. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['const columns = process.stdout.columns ?? MOST_COLUMNS', 'reads the width of the terminal'],
  ["const descriptor = openSync('/dev/tty', 'r')", 'reads an MFA code'],
  [
    "stdio: [interactive ? 'inherit' : 'ignore', 'pipe', isUnattended ? 'ignore' : 'inherit'],",
    'the stderr of an exec plugin of the kubeconfig is its own, as with kubectl: it may ask the person',
  ],
])

interface Found {
  readonly file: string
  readonly line: number
  readonly text: string
}

function scan(files: readonly string[]): readonly Found[] {
  return files.flatMap((file) =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .map((line, index) => ({ file, line: index + 1, text: line.trim() }))
      .filter(({ text }) => !/^(?:\/?\*|\/\/)/.test(text) && WAYS.some((way) => way.test(text))),
  )
}

t.test('only the writers write to stdout and stderr', (t) => {
  const files = globSync('packages/*/src/**/*.ts', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/'))
  t.ok(files.includes(WRITERS), 'the scan sees the writers')
  t.not(scan([WRITERS]).length, 0, 'the scan sees that they write')
  const found = scan(files.filter((file) => file !== WRITERS))
  t.same(
    found.filter(({ text }) => !EXCEPTIONS.has(text)).map(({ file, line, text }) => `${file}:${line}: ${text}`),
    [],
    'write by the Writer of the command: stdout.line, stderr.line, …',
  )
  const used = new Set(found.map(({ text }) => text))
  t.same(
    [...EXCEPTIONS.keys()].filter((text) => !used.has(text)),
    [],
    'exceptions that nothing needs',
  )
  t.end()
})
