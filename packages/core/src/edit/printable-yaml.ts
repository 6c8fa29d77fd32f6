import {
  Document,
  visit,
  type CreateNodeOptions,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
  type ToStringOptions,
} from 'yaml'
import { escapeYaml, hasControlCharacters } from '../log/control-characters.ts'

type Options = CreateNodeOptions & DocumentOptions & ParseOptions & SchemaOptions & ToStringOptions

/** Writes YAML that is safe to print. Strings with control characters are double-quoted and escaped. */
export function printableYaml(value: unknown, options: Options = {}): string {
  const document = new Document(value, options)
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && hasControlCharacters(node.value)) node.type = 'QUOTE_DOUBLE'
    },
  })
  return escapeYaml(document.toString(options))
}
