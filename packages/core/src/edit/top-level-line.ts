import { isMap, isScalar, type Document } from 'yaml'
import { readYamlDocument } from '../document/read-yaml.ts'
import { findWrittenLine } from './written-line.ts'

// With this schema all scalars are strings, so that numbers, dates and nulls are written as they were read.
const OPTIONS = { schema: 'failsafe', logLevel: 'error' } as const

function parse(text: string): Document {
  const document: Document = readYamlDocument(text, OPTIONS)
  const { contents, errors } = document
  const empty = contents === null || (isScalar(contents) && contents.value === '')
  if (errors.length > 0 || (!empty && !isMap(contents))) throw new TypeError('it is not a YAML mapping')
  if (empty) document.contents = document.createNode({})
  return document
}

/**
 * The value of a key at the top level of a YAML file. All scalars in it are strings.
 *
 * @throws {TypeError} The text is not a YAML mapping.
 */
export function readTopLevelLine(text: string, key: string): unknown {
  const written = findWrittenLine(text, key)
  if (written !== undefined) return written
  const value: unknown = parse(text).toJS()
  return Object.getOwnPropertyDescriptor(Object(value), key)?.value
}

/**
 * Sets a key at the top level of a YAML file to a value in JSON on one line. The rest stays as it is, including comments. Without a value
 * the key is removed.
 *
 * @throws {TypeError} The text is not a YAML mapping.
 */
export function setTopLevelLine(text: string, key: string, value: object | undefined): string {
  const document = parse(text)
  document.delete(key)
  const { contents } = document
  if (isMap(contents)) contents.flow = false
  if (document.directives !== undefined) document.directives.docEnd = false
  const empty = isMap(contents) && contents.items.length === 0
  const rest = empty ? '' : document.toString({ lineWidth: 0 })
  return value === undefined ? rest : `${rest}${key}: ${JSON.stringify(value)}\n`
}
