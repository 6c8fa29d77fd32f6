import { readRegularFileSync } from './read-regular-file-sync.ts'

/** Reads a regular file; null if it can't be read. */
export function readText(path: string): string | null {
  try {
    return readRegularFileSync(path)
  } catch {
    return null
  }
}
