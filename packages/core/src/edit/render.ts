import { stringify } from 'yaml'

/** A value that can be written as YAML. */
export type Writable = string | number | boolean | null | readonly Writable[] | { readonly [key: string]: Writable }

// Quotes strings that YAML 1.1 reads as other types (`yes`, `012`), because other parsers follow it.
const BLOCK = { version: '1.1', lineWidth: 0, blockQuote: false } as const

/** Renders a value on one line. */
export function flow(value: Writable): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  const pairs = Object.entries(value).map(([key, item]) => `${key}: ${flow(item)}`)
  return `{${pairs.join(', ')}}`
}

/** Renders a value as lines that end with LF. Flat lists have the indentation of their keys. */
export function block(value: Writable, indent: number, flatLists: boolean): string {
  const lines = stringify(value, { ...BLOCK, indentSeq: !flatLists })
    .trimEnd()
    .split('\n')
  return lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('')
}

/** The column of an offset, counted from 0. */
export function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}
