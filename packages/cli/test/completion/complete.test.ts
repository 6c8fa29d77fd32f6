import t from 'tap'
import { root } from '../../src/commands/root.ts'
import { complete, formatCompletion } from '../../src/completion/complete.ts'
import { findCommand, takesNext } from '../../src/command-line/find-command.ts'

t.test('the words of a command line select its command', (t) => {
  const rows: readonly (readonly [
    words: readonly string[],
    path: string,
    rest: readonly string[],
    unknown?: string,
  ])[] = [
    [[], '', []],
    [['token'], 'token', []],
    [['-i', 'token', 'server'], 'server', ['-i', 'token']],
    [['-itoken', 'server'], 'server', ['-itoken']],
    [['--cluster-id=token', 'server'], 'server', ['--cluster-id=token']],
    [['', 'server', 'token', ''], 'server', ['', 'token', '']],
    [['add', '--kubeconfig', 'role', 'user', '--userarn', 'x'], 'add user', ['--kubeconfig', 'role', '--userarn', 'x']],
    [['add', '--prompt', 'role'], 'add role', ['--prompt']],
    [['add'], 'add', []],
    [['-', 'token'], 'token', ['-']],
    [['--', 'token'], '', ['--', 'token']],
    [['nonsense', 'token'], '', ['nonsense', 'token'], 'nonsense'],
    [['add', 'nonsense'], 'add', ['nonsense'], 'nonsense'],
  ]
  for (const [typed, path, rest, unknown] of rows) {
    const found = findCommand(root, typed)
    t.equal(
      found.path
        .slice(1)
        .map(({ name }) => name)
        .join(' '),
      path,
      typed.join(' '),
    )
    t.strictSame(found.rest, rest)
    t.equal(found.unknown, unknown)
  }
  t.notOk(takesNext('--help', root.options))
  t.end()
})

function words(...args: readonly string[]): readonly string[] {
  return complete(root, args).candidates.map(({ word }) => word)
}

t.test('the word at the cursor is completed', (t) => {
  t.ok(words(':').includes('help'))
  t.notOk(words('help', ':').includes('help'))
  t.ok(words(':').includes('server'))
  t.strictSame(words('token', ':--token-o'), ['--token-only'])
  t.strictSame(words('token', '--token-type', ':'), ['presigned', 'jwt'])
  t.strictSame(words('kubeconfig', '--signing-algorithm', ':'), ['ES384', 'RS256'])
  t.strictSame(words('token', '-l', ':j'), ['json'])
  t.strictSame(words('token', '--log-format', '--', ':'), [])
  t.strictSame(words('token', '--feature-gates', ':SSORoleMatch=true,AllB'), [
    'SSORoleMatch=true,AllBeta=true',
    'SSORoleMatch=true,AllBeta=false',
  ])
  t.notOk(words('server', '--backend-mode', ':CRD,').includes('CRD,CRD'), 'what is in the list already is not offered')
  t.strictSame(words('nonsense', ':'), [])
  t.strictSame(complete(root, []).candidates.length, words(':').length)
  t.equal(formatCompletion(complete(root, ['token', '--config', ':x']), true), '\t\n')
  t.equal(formatCompletion(complete(root, ['token', ':--config=x']), false), '\t--config=\n')
  t.match(formatCompletion(complete(root, [':vers']), true), /^version\t\S.*\n$/)
  t.equal(formatCompletion(complete(root, [':vers']), false), 'version\n')
  t.end()
})
