import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { manPages } from '../../scripts/release/man-pages.ts'
import { sharedFiles } from '../../scripts/release/share.ts'
import { tarGzip } from '../../scripts/release/tar.ts'
import { runCommand } from '../e2e/harness/command.ts'

const DATE = new Date('2026-01-02T03:04:05Z')
const pages = sharedFiles('1.2.3', DATE).filter(({ path }) => path.endsWith('.1'))
const ENVIRONMENT = { PATH: process.env['PATH'] ?? '', MANWIDTH: '200', LC_ALL: 'C.UTF-8' }
const missing = spawnSync('man', ['--version']).error === undefined ? false : 'man is not installed'

/** Renders a page. Into a pipe, man writes no bold and underlined characters. */
function render(folder: string, text: string): { readonly shown: string; readonly warnings: string } {
  const path = join(folder, 'page.1')
  writeFileSync(path, text)
  const { stdout, stderr } = spawnSync('man', ['--warnings', '-E', 'UTF-8', '-l', path], {
    encoding: 'utf8',
    env: ENVIRONMENT,
  })
  return { shown: stdout, warnings: stderr }
}

t.test('man shows each page without warnings, with every flag of the help', { skip: missing }, async (t) => {
  const folder = t.testdir()
  t.ok(pages.length > 15)
  for (const { path, text } of pages) {
    const { shown, warnings } = render(folder, text)
    t.equal(warnings, '', path)
    t.match(shown, /^NAME$/m, path)
    t.match(shown, '2026-01-02')
    t.match(shown, 'aws-iam-authenticator 1.2.3')
  }
  for (const words of [['token'], ['server'], ['lint'], ['add', 'role'], ['cache', 'clear']]) {
    const help = await runCommand([...words, '--help'])
    const page = pages.find(({ path }) => path.endsWith(`/aws-iam-authenticator-${words.join('-')}.1`))
    const { shown } = render(folder, page?.text ?? '')
    const flags = [...help.stdout.matchAll(/^ {2}(?:-\w, | {4})(--[\w-]+)/gm)].map(([, flag = '']) => flag)
    t.ok(flags.length > 5, words.join(' '))
    for (const flag of flags) t.match(shown, new RegExp(`^ +(?:-\\w, )?${flag}(?: |$)`, 'm'), flag)
  }
})

t.test('texts are data: they start no request and keep their characters', { skip: missing }, (t) => {
  const odd = String.raw`'.so x \fBbold\n(.z "quoted" ~ ^ -- … it's`
  const command = {
    name: 'odd',
    summary: '.so /etc/passwd',
    description: `${odd}\n  .sy touch owned\n.de`,
    examples: ["'br", String.raw`a \ b`],
    options: [],
    run: () => Promise.resolve(0),
  }
  const root = { name: 'x', summary: '', description: '.TH', options: [], commands: [command] }
  const [, page] = manPages([root], { version: '1', date: DATE })
  const { shown, warnings } = render(t.testdir(), page?.text ?? '')
  t.equal(warnings, '')
  for (const text of [odd, '.so /etc/passwd', '.sy touch owned', '.de', "'br", String.raw`a \ b`]) {
    t.ok(shown.includes(text), text)
  }
  t.end()
})

t.test('an archive has the same bytes for the same files, and tar reads it', (t) => {
  const files = [
    { path: 'a/empty', content: '' },
    { path: 'a/b.txt', content: 'x'.repeat(512) },
    { path: 'c', content: '…\n', isExecutable: true },
  ]
  const archive = tarGzip(files, DATE)
  t.ok(archive.equals(tarGzip(files, DATE)))
  const listed = spawnSync('tar', ['-tvzf', '-'], { input: archive, encoding: 'utf8', env: { TZ: 'UTC' } })
  t.equal(listed.stderr, '')
  t.strictSame(
    listed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' ')),
    [
      '-rw-r--r-- root/root 0 2026-01-02 03:04 a/empty',
      '-rw-r--r-- root/root 512 2026-01-02 03:04 a/b.txt',
      '-rwxr-xr-x root/root 4 2026-01-02 03:04 c',
    ],
  )
  const content = spawnSync('tar', ['-xOzf', '-', 'c'], { input: archive, encoding: 'utf8' })
  t.equal(content.stdout, '…\n')
  t.throws(() => tarGzip([{ path: 'x'.repeat(101), content: '' }], DATE))
  t.end()
})
