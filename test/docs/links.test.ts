import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { anchorOf, document, documents, resolveLink, ROOT } from './documents.ts'

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g

function withoutBlocks(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
}

t.test('links between the documents resolve', async (t) => {
  for (const from of documents) {
    for (const [, target = ''] of withoutBlocks(from.text).matchAll(LINK)) {
      if (/^https?:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const to = path === '' ? from.path : resolveLink(from, path)
      t.ok(existsSync(join(ROOT, to)), `${from.path} links to ${target}`)
      if (anchor === undefined) continue
      t.ok(document(to).headings.map(anchorOf).includes(anchor), `${from.path} links to the heading ${target}`)
    }
  }
})

t.test('every document is reachable from the README', async (t) => {
  const reached = new Set(['README.md'])
  for (const path of reached) {
    const from = document(path)
    for (const [, target = ''] of from.text.matchAll(LINK)) {
      const to = resolveLink(from, target.split('#')[0] ?? '')
      // A link to a folder shows its README.
      const found = documents.find(({ path: candidate }) => candidate === to || candidate === join(to, 'README.md'))
      if (found !== undefined) reached.add(found.path)
    }
  }
  t.same([...reached].sort(), documents.map(({ path }) => path).sort())
})

t.test('files named in the text exist', async (t) => {
  const NAMED = /`((?:deploy|docs|test|packages)\/[\w./-]+)`/g
  for (const { path, text } of documents) {
    for (const [, named = ''] of text.matchAll(NAMED)) t.ok(existsSync(join(ROOT, named)), `${path} names ${named}`)
  }
})
