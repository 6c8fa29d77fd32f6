import { readFileSync } from 'node:fs'

/** The text of a small file; null where it can't be read. At once: the threads that would read it take longer to start. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
