import { isScalar, type Document, type ParsedNode } from 'yaml'
import { YAML_OPTIONS } from '../document/parse-yaml.ts'
import { readYamlDocument } from '../document/read-yaml.ts'

/** Reads the text of a list, with the tokens of its source. */
export function documentOf(text: string): Document.Parsed {
  return readYamlDocument(text, { ...YAML_OPTIONS, merge: true, keepSourceTokens: true })
}

/** True if a document has no value. */
export function isNothing(contents: ParsedNode | null): boolean {
  return contents === null || (isScalar(contents) && contents.value === null)
}

/** The items of a list as plain values. Null if the text is not a list, or has an alias that is unknown or too large. */
export function itemsOf(text: string): readonly unknown[] | null {
  const document = documentOf(text)
  if (document.errors.length > 0) return null
  try {
    const value: unknown = document.toJS()
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

/** The offset after the line in which a value ends. A block scalar ends with its line break. */
export function lineEnd(text: string, valueEnd: number): number {
  if (text[valueEnd - 1] === '\n') return valueEnd
  const at = text.indexOf('\n', valueEnd)
  return at < 0 ? text.length : at + 1
}
