import { readRegularFileSync } from '@aws-iam-authenticator/files/read-regular-file-sync'

/** The text of a regular file; null where it can't be read. */
export function readText(path: string): string | null {
  try {
    return readRegularFileSync(path)
  } catch {
    return null
  }
}
