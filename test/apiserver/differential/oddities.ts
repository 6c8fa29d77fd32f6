import { readFileSync } from 'node:fs'

/**
 * The place of an oddity: instead of a value or key of an entry, between pairs of an entry, instead of or before an item of the list,
 * anywhere in the text, before the text, after it, or in place of all of it.
 */
const PLACES = ['value', 'key', 'pair', 'item', 'anywhere', 'before', 'after', 'whole'] as const

/** One deviation from common notation. */
export type Oddity =
  | {
      readonly at: (typeof PLACES)[number]
      /** `‹key›` stands for a key of the entry. */
      readonly text: string
    }
  | { readonly at: 'all'; readonly change: (text: string) => string }

type Lists = ReadonlyMap<string, readonly string[]>

/** A line of `oddities.txt`. */
interface Line {
  readonly kind: string
  readonly at: (typeof PLACES)[number]
  readonly patterns: readonly string[]
}

const SIGNS: ReadonlyMap<string, string> = new Map([
  ['⏎', '\n'],
  ['→', '\t'],
  ['␠', ' '],
  ['␍', '\r'],
  ['∅', ''],
])

/** Longer than the longest key of YAML, in characters. */
const LONG = 1100

/** The section of `oddities.txt` for all of {@link CHARACTERS}. */
const EACH_CHARACTER = 'each character'

/** Characters that a YAML parser may reject, trim, or take for a line break, by kind. They stand for `‹sign›` in `oddities.txt`. */
const CHARACTERS: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'space of Unicode',
    ['\u00a0', '\u1680', '\u2000', '\u2003', '\u200a', '\u202f', '\u205f', '\u3000', '\u200b', '\u180e', '\u2060'],
  ],
  ['byte order mark', ['\ufeff']],
  ['line separator', ['\u0085', '\u2028', '\u2029']],
  [
    'control character',
    ['\0', '\u0001', '\b', '\v', '\f', '\u001b', '\u001f', '\u007f', '\u0080', '\u009f', '\ufffe', '\uffff'],
  ],
  [
    'other character',
    [
      '\u00e4',
      '\u00ad',
      '\ud7ff',
      '\ue000',
      '\ufffd',
      '\u{1f600}',
      '\u{1ffff}',
      '\u{10ffff}',
      '\u202e',
      '\u0130',
      '\u017f',
    ],
  ],
  ['carriage return', ['\r', '\r\r', '\r\n', '\n\r']],
  ['tab', ['\t', ' \t', '\t ']],
])

/** Changes of a whole text that no list of places can express, by kind. */
const CHANGES: Readonly<Record<string, readonly ((text: string) => string)[]>> = {
  'carriage return': [
    (text) => text.replaceAll('\n', '\r\n'),
    (text) => text.replaceAll('\n', '\r'),
    (text) => text.replaceAll('\n', '\r\r\n'),
  ],
  tab: [
    (text) => text.replaceAll('  ', '\t'),
    (text) => text.replaceAll('- ', '-\t'),
    (text) => text.replaceAll('- ', '- \t'),
  ],
  anchor: [
    (text) => `${text.replace('- ', '- &a ')}- *a\n`,
    (text) => `${text.replace('-', '- &a\n ')}- *a\n`,
    (text) => `${text.replace('-', '- &a\n ')}- <<: *a\n  username: z\n`,
    (text) => `${text.replace('-', '- &a\n ')}- username: z\n  <<: *a\n`,
  ],
  'block scalar': [(text) => text.trimEnd()],
  comment: [' # c\n', '\n# c\n', '#c\n'].map((end) => (text: string) => text.replaceAll('\n', end)),
  indentation: [
    (text) => text.replaceAll(/^/gm, ' '),
    (text) => text.replaceAll(/^(?=.)/gm, '   '),
    (text) => text.replaceAll(/^ +/gm, ''),
    (text) => text.replaceAll(/^ {2}/gm, ' '),
    (text) => text.replaceAll(/^ {2}/gm, '    '),
    (text) => text.replaceAll('- ', '-   '),
    (text) => text.replaceAll(/^- /gm, '-\n  '),
    (text) => text.replaceAll(/^- /gm, '- - '),
    (text) => text.replaceAll('\n', '\n\n'),
    (text) => text.replaceAll('\n', ' \n'),
    (text) => text.replaceAll('\n', '\n   \n'),
    (text) => text.replaceAll('\n', ' '),
  ],
  'wrong type': [
    (text) => `- ${text.replaceAll('\n', '\n  ')}`,
    (text) => JSON.stringify(text),
    (text) => `|\n${text.replaceAll(/^/gm, '  ')}`,
  ],
  length: [(text) => text + '\n'.repeat(LONG), (text) => '\n'.repeat(LONG) + text],
}

/** All texts of a pattern, each with the names in it replaced. */
function expand(pattern: string, lists: Lists): readonly string[] {
  const [whole, name = ''] = [...pattern.matchAll(/‹(\w+)›/g)].find(([, found = '']) => lists.has(found)) ?? []
  if (whole === undefined) return [pattern]
  return (lists.get(name) ?? []).flatMap((text) =>
    expand(
      pattern.replaceAll(whole, () => text),
      lists,
    ),
  )
}

function decode(text: string): string {
  const plain = text.replaceAll(/[⏎→␠␍∅]/g, (sign) => SIGNS.get(sign) ?? sign)
  return plain.replaceAll(/\\u\{([0-9a-f]+)\}/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
}

function isPlace(text: string): text is (typeof PLACES)[number] {
  return PLACES.some((place) => place === text)
}

function readText(name: string): readonly string[] {
  return readFileSync(new URL(name, import.meta.url), 'utf8').split('\n')
}

/** The lines of `oddities.txt`, and the lists that they refer to. */
function readLines(): { readonly lines: readonly Line[]; readonly lists: Lists } {
  const lines: Line[] = []
  const lists = new Map([
    ['long', ['x'.repeat(LONG)]],
    ['spaces', [' '.repeat(LONG)]],
  ])
  let kind = ''
  for (const line of readText('oddities.txt')) {
    kind = /^== (.*)$/.exec(line)?.[1] ?? kind
    const [, list, place = '', written = ''] = /^(?:let (\w+)|(\w+)): (.*)$/.exec(line) ?? []
    const patterns = written.split(' ¦ ')
    if (list !== undefined) lists.set(list, [...(lists.get(list) ?? []), ...patterns])
    else if (isPlace(place)) lines.push({ kind, at: place, patterns })
  }
  return { lines, lists }
}

function readOddities(): ReadonlyMap<string, readonly Oddity[]> {
  const { lines, lists } = readLines()
  const oddities = new Map<string, Oddity[]>()
  const add = (kind: string, more: readonly Oddity[]): void => {
    oddities.set(kind, [...(oddities.get(kind) ?? []), ...more])
  }
  for (const { kind, at, patterns } of lines) {
    const kinds = kind === EACH_CHARACTER ? CHARACTERS : new Map([[kind, ['']]])
    for (const [name, sign] of kinds) {
      const expanded = patterns.flatMap((pattern) => expand(pattern, new Map([...lists, ['sign', sign]])))
      add(
        name,
        expanded.map((text) => ({ at, text: decode(text) })),
      )
    }
  }
  for (const [kind, changes] of Object.entries(CHANGES)) {
    add(
      kind,
      changes.map((change) => ({ at: 'all', change })),
    )
  }
  return oddities
}

/** Oddities by kind: the name that the report and `docs/parity.md` have for it. */
export const ODDITIES: ReadonlyMap<string, readonly Oddity[]> = readOddities()

/** Values of mapRoles that `yaml` and the reference read differently. */
export const FOUND: readonly string[] = readText('found.txt')
  .slice(2)
  .filter((line) => line !== '')
  .map((line) => {
    const entry = '- rolearn: arn:aws:iam::111122223333:role/A\n  username: u'
    return decode(line).replaceAll('‹entry›', entry).replaceAll('‹spaces›', ' '.repeat(LONG))
  })
