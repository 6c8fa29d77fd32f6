import { stat } from 'node:fs/promises'
import { checkKind, INHERITED, isMissing, isNull, UnreadableFile } from './kind/file-kind.ts'

/**
 * Checks that a rename to the path replaces a regular file, a link to one, or nothing. A rename would replace even /dev/null.
 *
 * @throws {UnreadableFile} `ENOTREG`
 */
export async function checkReplaceable(path: string): Promise<void> {
  if (INHERITED.test(path)) throw new UnreadableFile('ENOTREG', 'it is not a regular file')
  try {
    const stats = await stat(path)
    if (isNull(stats)) throw new UnreadableFile('ENOTREG', 'it is a device, not a regular file')
    checkKind(stats)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
