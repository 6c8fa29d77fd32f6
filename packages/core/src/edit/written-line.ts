/**
 * The value of a key at the top of a YAML file where {@link setTopLevelLine} wrote it: found without a YAML parser, for whom to
 * load takes longer than all else. undefined: there is none, or somebody else wrote it.
 */
export function findWrittenLine(text: string, key: string): unknown {
  const lineStart = `${key}: `
  const start = `\n${text}`.indexOf(`\n${lineStart}{`)
  if (start < 0) return undefined
  const end = text.indexOf('\n', start)
  try {
    const value: unknown = JSON.parse(text.slice(start + lineStart.length, end < 0 ? undefined : end))
    return value
  } catch {
    return undefined
  }
}

/**
 * Sets a key as {@link setTopLevelLine} does, in a text that is empty or holds nothing but the line that it wrote: without a YAML
 * parser. undefined: there is more in it.
 */
export function replaceWrittenLine(text: string, key: string, value: object): string | undefined {
  const isAlone = text === '' || (text.startsWith(`${key}: {`) && text.indexOf('\n') === text.length - 1)
  if (!isAlone || (text !== '' && findWrittenLine(text, key) === undefined)) return undefined
  return `${key}: ${JSON.stringify(value)}\n`
}
