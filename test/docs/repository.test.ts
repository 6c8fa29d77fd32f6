import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { REASON_CODES, reasonUrl } from '@aws-iam-authenticator/core/errors/reasons'
import { document, REPOSITORY, ROOT } from './documents.ts'

function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8' })
}

/** The files of the repository that have a text. */
function filesWith(folder: string, text: string): readonly string[] {
  return git(folder, 'grep', '--files-with-matches', '-z', '--fixed-strings', text).split('\0').filter(Boolean)
}

const PROJECT = '/aws-iam-authenticator'
const [, NAME = ''] = /^https:\/\/github\.com\/([\w.-]+\/aws-iam-authenticator)$/.exec(REPOSITORY) ?? []

t.test('each URL of this repository is that of package.json', async (t) => {
  t.not(NAME, '')
  for (const reason of REASON_CODES) t.ok(reasonUrl(reason).startsWith(`${REPOSITORY}/blob/main/docs/`), reason)
  const files = filesWith(ROOT, PROJECT)
  t.ok(files.length > 5)
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    const names = text.matchAll(/(?:github\.com\/|uses: )([\w.-]+\/aws-iam-authenticator)\b/g)
    const others = [...names].flatMap(([, name]) => (name === NAME || name?.startsWith('kubernetes-sigs/') ? [] : name))
    t.same(others, [], file)
  }
})

t.test('the command of releases.md changes all of them', async (t) => {
  const copy = mkdtempSync(join(tmpdir(), 'authenticator-'))
  t.teardown(() => rmSync(copy, { recursive: true }))
  git(copy, 'init', '-q')
  for (const file of filesWith(ROOT, NAME)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(ROOT, file), join(copy, file))
  }
  git(copy, 'add', '-A')
  const block = document('docs/releases.md').blocks.find(({ text }) => text.startsWith('git grep'))
  const command = block?.text.replace('OWNER', 'acme') ?? ''
  execFileSync('sh', ['-c', command], { cwd: copy })
  const left = git(copy, 'ls-files')
    .split('\n')
    .filter((file) => file !== '' && readFileSync(join(copy, file), 'utf8').includes(NAME))
  t.same(left, [])
  t.match(
    readFileSync(join(copy, 'package.json'), 'utf8'),
    `"repository": "${REPOSITORY.replace(NAME, `acme${PROJECT}`)}"`,
  )
})
