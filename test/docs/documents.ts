import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { textAt } from '@aws-iam-authenticator/core/untrusted'

export const ROOT: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The URL under which this product is published. */
export const REPOSITORY: string =
  textAt(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')), 'repository') ?? ''

/** A fenced block of a document. */
export interface Block {
  /** The document and the line of the opening fence, for messages. */
  readonly place: string
  readonly language: string
  readonly text: string
  /** The nearest heading above it. */
  readonly heading: string
}

export interface Document {
  /** Relative to the root of the repository. */
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

/** The Markdown files directly in a folder. */
function markdownIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
}

function packageReadmes(): string[] {
  return readdirSync(join(ROOT, 'packages'))
    .map((name) => join('packages', name, 'README.md'))
    .filter((path) => existsSync(join(ROOT, path)))
}

/** All documents for people: those of the root and of docs/, the README of each package and that of the Helm chart. */
export const documents: readonly Document[] = [
  ...markdownIn('.'),
  ...markdownIn('docs'),
  ...markdownIn('docs/guides'),
  ...packageReadmes(),
  'deploy/helm/aws-iam-authenticator/README.md',
].map(readDocument)

/** Returns the document at a path. */
export function document(path: string): Document {
  const found = documents.find((candidate) => candidate.path === path)
  if (found === undefined) throw new Error(`there is no ${path}`)
  return found
}

/** Returns the text below a heading, up to the next heading of any level. */
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

/** Returns the rows of all tables in a text, without their headers, and the cells without backticks. */
export function tableRows(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows
    .filter((line, index) => !isRule(line) && !isRule(rows[index + 1]))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('`', '')))
}

/** Returns GitHub's anchor for a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

/** Resolves a link in a document to a path relative to the root. */
export function resolveLink({ path }: Document, target: string): string {
  return relative(ROOT, join(ROOT, dirname(path), target))
}
