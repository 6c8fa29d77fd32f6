/** The outcome of a document: read, rejected in part or as a whole, or over a limit. */
type Outcome = 'read' | 'rejected' | 'over'

const KIB = 1024
const MIB = 1024 * KIB - 2000

function filled(unit: string, length: number): string {
  return unit.repeat(Math.floor(length / unit.length))
}

function numbered(make: (index: number) => string, length: number): string {
  const parts: string[] = []
  for (let size = 0; size < length;) {
    const part = make(parts.length)
    parts.push(part)
    size += part.length
  }
  return parts.join('')
}

const USER = '- userarn: arn:aws:iam::111122223333:user/bob\n  username: bob\n'

/** Texts for a data key of aws-auth that cost a reader more than linear time: name, text, outcome. */
export const HOSTILE_DOCUMENTS: readonly (readonly [string, string, Outcome])[] = [
  [
    'an aws-auth of 1 MiB',
    numbered(
      (index) =>
        `- userarn: arn:aws:iam::111122223333:user/user-${index}\n  username: user-${index}\n  groups:\n  - team-${index % 10}\n`,
      MIB,
    ),
    'read',
  ],
  [
    'one of 900 KiB, dense',
    numbered((index) => `- {userarn: "arn:aws:iam::111122223333:user/${index}",username: b,groups: [c]}\n`, MIB),
    'read',
  ],
  [
    'merges of one map in 64 KiB',
    `- &m {${filled('k1: a, ', 3_000)}a: b}\n- <<: [${filled('*m , ', 60 * KIB)}]\n`,
    'over',
  ],
  [
    'merges of a long map',
    `- &m {${numbered((index) => `k${index}: a, `, 60 * KIB)}a: b}\n- <<: [${filled('*m , ', 4_000)}]\n`,
    'over',
  ],
  [
    'merges within merges',
    `- &a0 {k: v}\n${numbered((index) => `- &a${index + 1} {<<: [*a${index} , *a${index} ], k${index}: v}\n`, 60 * KIB)}`,
    'rejected',
  ],
  ['60 KB of spaces in a flow list', `${USER}  groups: [${' '.repeat(60_000)}`, 'rejected'],
  ['1 MB of spaces in a flow list', `${USER}  groups: [${' '.repeat(MIB)}]\n`, 'read'],
  ['460,000 wrong keys', `- {${filled('a,', 920_000)}}\n`, 'over'],
  ['100,000 wrong keys', `- {${numbered((index) => `k${index}: 1,`, 900 * KIB)}}\n`, 'read'],
  ['condition-like keys', `- {${numbered((index) => `princpalid${index}: 1,`, 900 * KIB)}}\n`, 'rejected'],
  [
    'aliases of a long list',
    `- &g [${filled('g,', 20_000)}]\n${filled(`- {userarn: "arn:aws:iam::111122223333:user/bob", username: bob, groups: *g}\n`, 60 * KIB)}`,
    'over',
  ],
  [
    'billion laughs',
    `- &a0 [x]\n${numbered((index) => `- &a${index + 1} [*a${index} ,*a${index} ,*a${index} ,*a${index} ]\n`, 1_500)}`,
    'over',
  ],
  ['aliases', `- &a x\n${filled('- *a\n', MIB)}`, 'over'],
  ['brackets', '['.repeat(MIB), 'over'],
  ['braces', '{'.repeat(MIB), 'over'],
  ['closed brackets', '[]'.repeat(MIB / 2), 'over'],
  ['160,000 errors', `[${'[]'.repeat(160_000)}`, 'rejected'],
  ['dashes', '- '.repeat(MIB / 2), 'over'],
  ['empty items', filled('-\n', MIB), 'over'],
  ['160,000 empty items', filled('-\n', 320_000), 'rejected'],
  ['a flow list of scalars', `[${filled('a,', MIB)}]`, 'over'],
  ['160,000 scalars', `[${filled('a,', 320_000)}]`, 'rejected'],
  ['blank lines', filled('\n', MIB), 'read'],
  ['comments', filled('#\n', MIB), 'over'],
  ['a long comment', `#${'x'.repeat(MIB)}`, 'read'],
  ['a long plain scalar', 'x'.repeat(MIB), 'rejected'],
  ['a plain scalar of many lines', filled('x\n', MIB), 'rejected'],
  ['a quoted scalar', `- "${filled('\\n', MIB)}"\n`, 'rejected'],
  ['a quoted scalar of blank lines', `- "${filled('\n', MIB)}"\n`, 'rejected'],
  ['an open quote', `- "${'x'.repeat(MIB)}`, 'rejected'],
  ['backslashes', `- "${'\\'.repeat(MIB)}`, 'rejected'],
  ['a block scalar', `- |\n${filled(' x\n', MIB)}`, 'rejected'],
  ['a block scalar of blank lines', `- |\n${filled(' \n', MIB)}`, 'rejected'],
  ['a folded scalar', `- >\n${filled(' x\n\n', MIB)}`, 'rejected'],
  ['anchors', filled('- &a x\n', MIB), 'over'],
  ['tags', filled('- !a x\n', MIB), 'rejected'],
  ['many documents', filled('---\n', MIB), 'read'],
  [
    'one ARN with many conditions',
    numbered(
      (index) => `- {userarn: "arn:aws:iam::111122223333:user/bob",username: b,principalid: AIDA${index}}\n`,
      900 * KIB,
    ),
    'read',
  ],
  [
    'one pattern many times',
    numbered(
      (index) => `- {userlike: "arn:aws:iam::111122223333:user/b*",username: b,principalid: AIDA${index}}\n`,
      MIB,
    ),
    'read',
  ],
  [
    'patterns with many asterisks',
    numbered((index) => `- {userlike: "arn:aws:iam::111122223333:user/${'*a'.repeat(20)}${index}",username: b}\n`, MIB),
    'read',
  ],
  [
    '11,000 bad entries',
    filled('- userarn: arn:aws:iam::111122223333:user/bob\n  username: 12\n  groups:\n  - x\n', MIB),
    'rejected',
  ],
  [
    'templates',
    numbered(
      (index) => `- {userarn: "arn:aws:iam::111122223333:user/${index}",username: "${'{{X}}'.repeat(50)}"}\n`,
      MIB,
    ),
    'read',
  ],
  ['tab indents', `- x\n${filled('\t\n', MIB)}`, 'rejected'],
]

/** Dynamic files over a limit: name, text. */
export const HOSTILE_JSON: readonly (readonly [string, string])[] = [
  ['nested lists', `{"mapRoles": ${'['.repeat(MIB)}`],
  ['nested maps', `{"mapRoles": ${'{"a":'.repeat(MIB / 5)}`],
  ['many lists', `{"mapRoles": [${'[],'.repeat(450_000)}[]]}`],
  ['a long text', `{"mapRoles": "${'x'.repeat(4 * KIB * KIB)}"}`],
]
