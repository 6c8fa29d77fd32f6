const FIELD = /([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"=]*))(?: |$)/y

/**
 * Parses one line of logfmt strictly.
 *
 * @throws Error if the line is invalid, or has a duplicate key.
 * @see https://brandur.org/logfmt
 */
export function parseLogfmt(line: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  FIELD.lastIndex = 0
  let end = 0
  while (end < line.length) {
    const [, key = '', quoted, bare = ''] = FIELD.exec(line) ?? []
    if (FIELD.lastIndex === 0) throw new Error(`no logfmt from column ${end + 1}: ${line}`)
    if (fields.has(key)) throw new Error(`${key} is there twice: ${line}`)
    fields.set(key, quoted === undefined ? bare : String(JSON.parse(`"${quoted}"`)))
    end = FIELD.lastIndex
  }
  return fields
}
