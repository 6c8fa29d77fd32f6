import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { parseObjects } from '../deploy/objects.ts'
import { document, ROOT, type Block } from './documents.ts'
import { FACTS } from './guide-facts.ts'

const FIRST = 'Copy and paste'
/** The pages whose nodes run the same script. */
const SAME_FILES = ['kubeadm', 'cluster-api', 'k3s', 'rke2']
const SECTIONS = [FIRST, 'Check', 'What is where', 'Roll back', 'Upgrade']

const pages = readdirSync(join(ROOT, 'docs/guides'))
  .filter((name) => name !== 'README.md')
  .map((name) => name.slice(0, -'.md'.length))

/** The paths of all values in a document. */
function pathsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown) => pathsOf(item, `${path}[]`))
  if (!isRecord(value)) return [path]
  return Object.entries(value).flatMap(([key, item]) => pathsOf(item, path === '' ? key : `${path}.${key}`))
}

/** The YAML of a block, without objects of Kubernetes: the block itself, or the patch that a script writes. */
function examplesIn({ language, text, place }: Block): { readonly text: string; readonly place: string }[] {
  if (language === 'yaml') return /^kind: (?:Config|ConfigMap)$/m.test(text) ? [] : [{ text, place }]
  const [, patch] = /^cat >my-cluster\/patch\.yaml <<EOF\n([^]*?)^EOF$/m.exec(text) ?? []
  return patch === undefined ? [] : [{ text: patch.replace(/^\$\(.*\)$/m, '        text'), place }]
}

t.test('every guide begins with files and commands to copy, and has the same sections', async (t) => {
  for (const page of pages) {
    const { headings, text } = document(`docs/guides/${page}.md`)
    t.equal(headings[1], FIRST, page)
    for (const section of SECTIONS) t.ok(headings.includes(section), `${page}: ${section}`)
    t.match(text, /\nWritten for /, `${page} names a release`)
    t.match(text, /\bNot run (?:on|with) /i, `${page} says what was not run`)
    t.ok(document('docs/guides/README.md').text.includes(`](${page}.md)`), `${page} is in the list`)
  }
})

t.test('guides whose nodes run the same script make the same files', async (t) => {
  const [first, ...others] = SAME_FILES.map(
    (page) => document(`docs/guides/${page}.md`).blocks.find(({ language }) => language === 'sh')?.text,
  )
  for (const other of others) t.equal(other, first)
})

for (const { page, source, keys } of FACTS) {
  t.test(`the keys of ${page}.md are those of ${source}`, async (t) => {
    const blocks = document(`docs/guides/${page}.md`).blocks.flatMap((block) => examplesIn(block))
    const used = new Set<string>()
    for (const { text, place } of blocks) {
      for (const path of parseObjects(text).flatMap((value) => pathsOf(value))) {
        t.ok(keys.includes(path), `${place}: ${path}`)
        used.add(path)
      }
    }
    t.same(
      keys.filter((key) => !used.has(key)),
      [],
      'every key of the list is used',
    )
  })
}
