import type { Style } from '../terminal/style.ts'
import type { Line } from '../terminal/writer.ts'
import type { Listed } from './listed.ts'

interface Column {
  readonly heading: string
  readonly text: (mapping: Listed) => string
}

/** The conditions for JWTs, such as `principalTags.team=a|b,orgId=o-a1b2c3d4e5`. */
function jwtText({ principalTags, orgId, ouPath, sourceIdentity }: Listed): string {
  const tags = Object.entries(principalTags ?? {}).map(([key, values]) => [`principalTags.${key}`, values] as const)
  const others = [
    ['orgId', orgId === null ? null : [orgId]],
    ['ouPath', ouPath],
    ['sourceIdentity', sourceIdentity],
  ] as const
  return [...tags, ...others]
    .flatMap(([name, values]) => (values === null ? [] : `${name}=${values.join('|')}`))
    .join(',')
}

const COLUMNS: readonly Column[] = [
  { heading: 'BACKEND', text: ({ backend }) => backend },
  { heading: 'PRINCIPAL', text: ({ principal }) => principal },
  { heading: 'USERNAME', text: ({ username }) => username },
  { heading: 'GROUPS', text: ({ groups }) => groups.join(',') },
]

const WIDE_COLUMNS: readonly Column[] = [
  ...COLUMNS,
  { heading: 'USERID', text: ({ userId, principalId }) => userId ?? principalId ?? '' },
  { heading: 'SESSIONS', text: ({ sessionNames }) => sessionNames?.join(',') ?? '' },
  { heading: 'JWT', text: jwtText },
  { heading: 'ENTRY', text: ({ path }) => path },
  { heading: 'FROM', text: ({ from, line }) => (line === null ? from : `${from}:${line}`) },
]

/** Renders mappings as a table, as kubectl does. */
export function renderList(mappings: readonly Listed[], isWide: boolean, { paint }: Style): readonly Line[] {
  const columns = isWide ? WIDE_COLUMNS : COLUMNS
  const rows = mappings.map((mapping) => columns.map(({ text }) => text(mapping) || '<none>'))
  const headings = columns.map(({ heading }) => heading)
  const widths = headings.map((heading, index) =>
    rows.reduce((width, row) => Math.max(width, row[index]?.length ?? 0), heading.length),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('   ')
      .trimEnd()
  return [[paint(line(headings), 'bold')], ...rows.map(line)]
}
