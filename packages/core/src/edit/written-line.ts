import { parseJsonValue } from '../untrusted.ts'

/**
 * The value of a key at the top level of a YAML file, if {@link setTopLevelLine} wrote it. Avoids a YAML parser, because loading one takes
 * longer than the rest of the command.
 *
 * @returns undefined if the key is absent or was written in another form.
 */
export function findWrittenLine(text: string, key: string): unknown {
  const lineStart = `${key}: `
  const start = `\n${text}`.indexOf(`\n${lineStart}{`)
  if (start < 0) return undefined
  const end = text.indexOf('\n', start)
  return parseJsonValue(text.slice(start + lineStart.length, end < 0 ? undefined : end))
}

/**
 * Sets a key like {@link setTopLevelLine}, without a YAML parser, in a text that is empty or contains only the line of that key.
 *
 * @returns undefined if the text contains anything else.
 */
export function replaceWrittenLine(text: string, key: string, value: object): string | undefined {
  const isOnlyLine = text === '' || (text.startsWith(`${key}: {`) && text.indexOf('\n') === text.length - 1)
  if (!isOnlyLine || (text !== '' && findWrittenLine(text, key) === undefined)) return undefined
  return `${key}: ${JSON.stringify(value)}\n`
}
