import { readRegularFileSync } from '@aws-iam-authenticator/files'

/** The text of a regular file; null where it can't be read. */
export function readText(path: string): string | null {
  try {
    return readRegularFileSync(path)
  } catch {
    return null
  }
}
