import { statSync } from 'node:fs'

/**
 * Returns true if the path leads to a folder. Check it before mkdir: on Windows, mkdir fails for `.` and for a drive
 * even with `recursive`.
 */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
