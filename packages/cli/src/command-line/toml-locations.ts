import type { Location } from '@aws-iam-authenticator/core/errors/problem'

const HEADER = /^(\[\[?)([^\]#]+)\]\]?\s*(?:#|$)/
const KEY = /^(\s*)((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/
const PART = /[\w-]+|"[^"]*"|'[^']*'/g

/** Normalizes a dotted key: `a . "b"` becomes `a.b`. */
function join(keys: string): string {
  return (keys.match(PART) ?? []).map((part) => part.replace(/^["']|["']$/g, '')).join('.')
}

/** Returns true if a multi-line string begins or ends on this line. */
function togglesString(line: string): boolean {
  return (line.match(/"""|'''/g) ?? []).length % 2 === 1
}

/**
 * Locates keys of a valid TOML document by their paths, such as `server.mapRoles[1].username`. The location of a value
 * inside an inline table or list is that of the key that contains it.
 */
export function locateTomlKeys(text: string, source: string): (path: string) => Location {
  const found = new Map<string, Location>()
  /** The same, by the lower-case path: settings are case-insensitive. */
  const foldedFound = new Map<string, Location>()
  /** The number of tables read so far, for each list. */
  const counts = new Map<string, number>()
  /** Adds indices to a path: keys below a list belong to its latest table. */
  const pathOf = (keys: string): string => {
    let path = ''
    for (const part of keys.split('.')) {
      path = path === '' ? part : `${path}.${part}`
      const count = counts.get(path)
      if (count !== undefined) path += `[${count - 1}]`
    }
    return path
  }
  let table = ''
  let inString = false
  for (const [index, line] of text.split('\n').entries()) {
    const wasInString = inString
    if (togglesString(line)) inString = !inString
    if (wasInString) continue
    const header = HEADER.exec(line.trim())
    const key = KEY.exec(line)
    const add = (path: string, column: number): void => {
      const location = { source, line: index + 1, column }
      if (!found.has(path)) found.set(path, location)
      if (!foldedFound.has(path.toLowerCase())) foldedFound.set(path.toLowerCase(), location)
    }
    if (key !== null) add(table + join(key[2] ?? ''), (key[1] ?? '').length + 1)
    else if (header !== null) {
      const keys = join(header[2] ?? '')
      if (header[1] === '[[') {
        const list = pathOf(keys).replace(/\[\d+\]$/, '')
        add(list, line.indexOf('[') + 1)
        counts.set(list, (counts.get(list) ?? 0) + 1)
      }
      table = pathOf(keys)
      add(table, line.indexOf('[') + 1)
      table += '.'
    }
  }
  return (path) => {
    for (let part = path; part !== ''; part = part.replace(/(?:^|\.|\[)[^.[]*$/, '')) {
      const location = found.get(part) ?? foldedFound.get(part.toLowerCase())
      if (location !== undefined) return location
    }
    return { source, line: 1, column: 1 }
  }
}
