import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'

/** Reads a regular file; null if it can't be read. */
export function readText(path: string): string | null {
  try {
    return readRegularFileSync(path)
  } catch {
    return null
  }
}
