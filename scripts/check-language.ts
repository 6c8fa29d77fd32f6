// Fails if a comment of the packages or tests, or a page of docs/, uses a phrase that the project no longer writes, unless
// scripts/language-baseline.json still allows it. Run by `pnpm lint`.
// `--update` rewrites the baseline after phrases are gone or have moved; the total never rises.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const BASELINE = join(import.meta.dirname, 'language-baseline.json')

/** The files to search. */
const SEARCHED = ['packages/*/src/**/*.ts', 'packages/*/test/**/*.ts', 'test/**/*.ts', 'docs/*.md', '*.md']

/** Phrases to avoid, each with what to write instead. */
const PHRASES: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bmend(?:s|ed|ing)?\b/gi, 'fix'],
  [/\bamid\b/gi, 'during, in the middle of'],
  [/\b(?:in|out of) force\b/gi, 'active; inactive, rejected'],
  [/\btold\b/gi, 'logged, reported, notified'],
  [/(?<!\bthere )\bis no\b(?! (?:longer|more)\b)/gi, 'is not a'],
  [/\bfor nobody\b/gi, 'matches no one'],
  [/\bnearly (?:for|it)\b/gi, 'near miss, almost matched'],
  [/\b(?:gives?|giving|gave) way\b/gi, 'yield to the event loop'],
  [/\b(?:its|their|whose) turns?\b/gi, 'yield to the event loop'],
  [/\bso many\b/gi, 'the number of, the limit of'],
  [/\bdear(?:er|est)?\b/gi, 'expensive'],
  [/\banew\b/gi, 'again'],
  [/\b(?:taken|lets?) in\b/gi, 'accepted, granted'],
  [/\b(?:goes|go|gone|went) past\b/gi, 'skips'],
  [/\b(?:a|one|each|every|no|other|such|control|invisible) signs?(?![\w-])/gi, 'character'],
  [/\bnot ours\b/gi, 'foreign'],
  [/\blook(?:s|ed)? (?:up|at)\b/gi, 'read, check'],
  [/\bworth to be\b/gi, 'worth caching'],
  [/\bthat which\b/gi, 'asserts, verifies'],
]

/** Openings of a comment to avoid. */
const OPENING = /^(?:Who is|So many|That which)\b/
const COMMENT = /^ *(\/\/|\/\*\*?|\*(?!\/)) ?(.*)$/

interface Finding {
  readonly line: number
  readonly text: string
}

/** Returns the comment on a line of TypeScript; null if there is none. */
function commentOn(line: string): string | null {
  const trailing = line.lastIndexOf(' // ')
  return COMMENT.exec(line)?.[2] ?? (trailing < 0 ? null : line.slice(trailing + 4))
}

/** Returns the lines of a page without their code; null for a line of a code block. */
function proseOf(lines: readonly string[]): readonly (string | null)[] {
  let isCode = false
  return lines.map((line) => {
    const isFence = line.trimStart().startsWith('```')
    if (isFence) isCode = !isCode
    return isCode || isFence ? null : line.replaceAll(/`[^`]*`/g, '')
  })
}

function findingsIn(path: string): readonly Finding[] {
  const lines = readFileSync(join(ROOT, path), 'utf8').split('\n')
  const isSource = path.endsWith('.ts')
  const prose = isSource ? lines.map(commentOn) : proseOf(lines)
  return prose.flatMap((text, index): readonly Finding[] => {
    if (text === null) return []
    const found = PHRASES.flatMap(([phrase, instead]) =>
      (text.match(phrase) ?? []).map((match) => `"${match}": write ${instead}`),
    )
    const begins = isSource && /^ *\/[/*]/.test(lines[index] ?? '') && OPENING.test(text)
    if (begins) found.push('begin with the noun or the verb')
    return found.map((message) => ({ line: index + 1, text: message }))
  })
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function readBaseline(): Readonly<Record<string, number>> {
  const parsed: unknown = JSON.parse(readFileSync(BASELINE, 'utf8'))
  if (typeof parsed !== 'object' || parsed === null) throw new TypeError(`${BASELINE} is not an object`)
  return Object.fromEntries(Object.entries(parsed).map(([path, count]) => [path, Number(count)]))
}

const baseline = existsSync(BASELINE) ? readBaseline() : null
const paths = globSync(SEARCHED, { cwd: ROOT, exclude: (path) => path.endsWith('node_modules') }).map((path) =>
  path.replaceAll('\\', '/'),
)
const findings = new Map(paths.toSorted().map((path) => [path, findingsIn(path)]))
const counts = Object.fromEntries([...findings].flatMap(([path, { length }]) => (length > 0 ? [[path, length]] : [])))
const isMore = baseline !== null && total(counts) > total(baseline)

if (process.argv.includes('--update') && !isMore) {
  writeFileSync(BASELINE, `${JSON.stringify(counts, null, 2)}\n`)
} else {
  for (const [path, found] of findings) {
    const allowed = baseline?.[path] ?? 0
    if (found.length <= allowed) continue
    process.exitCode = 1
    console.error(`${path}: ${found.length} phrases to avoid, ${allowed} allowed`)
    for (const { line, text } of found) console.error(`  ${path}:${line}: ${text}`)
  }
}
console.log(
  `${total(counts)} phrases to avoid in comments and docs, ${baseline === null ? 0 : total(baseline)} allowed`,
)
