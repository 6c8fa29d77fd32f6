import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** A fenced block of a document. */
export interface Block {
  /** The document and the line that the block begins on, for messages. */
  readonly place: string
  readonly language: string
  readonly text: string
  /** The nearest heading above it. */
  readonly heading: string
}

export interface Document {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
  readonly headings: readonly string[]
  readonly blocks: readonly Block[]
}

const FENCE = /^( *)```(\w*)$/
const HEADING = /^#{1,6} (.+)$/

function readDocument(path: string): Document {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const headings: string[] = []
  const blocks: Block[] = []
  let open: { start: number; language: string; lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = FENCE.exec(line)
    if (open !== undefined && fence !== null) {
      const { start, language, lines } = open
      const place = `${path}:${start}`
      blocks.push({ place, language, text: `${lines.join('\n')}\n`, heading: headings.at(-1) ?? '' })
      open = undefined
    } else if (open !== undefined) open.lines.push(line)
    else if (fence !== null) open = { start: index + 1, language: fence[2] ?? '', lines: [] }
    else {
      const heading = HEADING.exec(line)?.[1]
      if (heading !== undefined) headings.push(heading)
    }
  }
  if (open !== undefined) throw new Error(`${path}:${open.start}: a block has no end`)
  return { path, text, headings, blocks }
}

/** All documents that people read. */
export const documents: readonly Document[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].map(readDocument)

/** The document of that path. */
export function document(path: string): Document {
  const found = documents.find((candidate) => candidate.path === path)
  if (found === undefined) throw new Error(`there is no ${path}`)
  return found
}

/** The text below a heading, up to the next one of whatever level. */
export function section({ path, text }: Document, heading: string): string {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => HEADING.exec(line)?.[1] === heading)
  if (start < 0) throw new Error(`${path} has no heading "${heading}"`)
  const length = lines.slice(start + 1).findIndex((line) => HEADING.test(line))
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join('\n')
}

function isRule(line: string | undefined): boolean {
  return line !== undefined && /^[|\s-]+$/.test(line)
}

/** The rows of the tables in a text, heads left out, cells without the marks of code. */
export function tableRows(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows
    .filter((line, index) => !isRule(line) && !isRule(rows[index + 1]))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('`', '')))
}

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

/** A path from the root, as a link of that document means it. */
export function resolveLink({ path }: Document, target: string): string {
  return relative(ROOT, join(ROOT, dirname(path), target))
}
