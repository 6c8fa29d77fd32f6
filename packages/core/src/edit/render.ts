import { stringify } from 'yaml'

/** A value that can be written: texts, truths, lists and maps of them. */
export type Writable = string | boolean | readonly Writable[] | { readonly [key: string]: Writable }

// Quotes what YAML 1.1 takes for something else than a text (`yes`, `012`): other readers go by it.
const BLOCK = { version: '1.1', lineWidth: 0, blockQuote: false } as const

/** A value on one line. */
export function flow(value: Writable): string {
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  const pairs = Object.entries(value).map(([key, item]) => `${key}: ${flow(item)}`)
  return `{${pairs.join(', ')}}`
}

/** A value in lines, each with its end. Flat lists stand as far left as the keys that hold them. */
export function block(value: Writable, indent: number, flatLists: boolean): string {
  const lines = stringify(value, { ...BLOCK, indentSeq: !flatLists })
    .trimEnd()
    .split('\n')
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('')
}

/** Where a node stands: the column of its first sign, counted from 0. */
export function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}
