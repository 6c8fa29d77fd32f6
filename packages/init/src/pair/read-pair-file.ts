import type { Stats } from 'node:fs'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { ownerAndMode } from '@aws-iam-authenticator/files/kind/owner-and-mode'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import { UnreadableFile } from '@aws-iam-authenticator/files/kind/file-kind'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import { unreadable } from '@aws-iam-authenticator/files/write/file-error'

/** The uid that the server runs as in its image and on kops nodes. */
const SERVER_UID = 10_000

/** Maximum size of a certificate chain or key, in bytes. */
const MAX_PEM_BYTES: number = 1024 * 1024

/** The permission rules for a file of the pair. */
interface PairFile {
  /** Permission bits that are rejected. */
  readonly forbidden: number
  readonly rule: string
  /** The argument of the chmod that removes them. */
  readonly chmod: string
}

// Kubernetes gives files of a volume with fsGroup a group that can read them.
const KEY: PairFile = { forbidden: 0o027, rule: 'only its owner may write it and others may not read it', chmod: '600' }
const CERTIFICATE: PairFile = { forbidden: 0o022, rule: 'only its owner may write it', chmod: 'go-w' }

/** The command that makes the file acceptable; undefined if it already is. */
function remedyFor(
  path: string,
  { uid, mode }: Stats,
  { forbidden, chmod }: PairFile,
  self: number,
): string | undefined {
  const isOwnerTrusted = [0, self, SERVER_UID].includes(uid)
  const steps = [
    ...(isOwnerTrusted ? [] : [`chown ${self} ${path}`]),
    ...((mode & forbidden) === 0 ? [] : [`chmod ${chmod} ${path}`]),
  ]
  return steps.length === 0 ? undefined : steps.join(' && ')
}

/** @throws FileError `file_unsafe` */
function checkOwner(path: string, stats: Stats, kind: PairFile): void {
  // Windows has neither uids nor modes.
  const self = process.geteuid?.()
  if (self === undefined) return
  const remedy = remedyFor(path, stats, kind, self)
  if (remedy === undefined) return
  const owners = [...new Set([0, self, SERVER_UID])].join(', ')
  throw new FileError(
    'file_unsafe',
    `Can't use ${path} (${ownerAndMode(stats)}): its owner must be one of uid ${owners}, and ${kind.rule}. ` +
      `If another user made it, remove it. If it is yours, run as root: ${remedy}`,
  )
}

async function readPairFile(path: string, kind: PairFile): Promise<string | undefined> {
  try {
    return await readRegularFile(path, {
      maxBytes: MAX_PEM_BYTES,
      onOpen: (stats) => checkOwner(path, stats, kind),
    })
  } catch (error) {
    if (error instanceof FileError) throw error
    // A broken link exists: no file can be linked at its path, so it must not count as missing.
    if (errorCode(error) === 'ENOENT' && !(error instanceof UnreadableFile)) return undefined
    throw unreadable(path, error)
  }
}

/**
 * Reads the certificate file; undefined if there is none. Accepts a regular file, or a symbolic link to one, that belongs to
 * root, to this user or to uid 10000 and that no one else can write.
 *
 * @throws FileError `file_unreadable`, `file_unsafe`
 */
export function readCertificateFile(path: string): Promise<string | undefined> {
  return readPairFile(path, CERTIFICATE)
}

/**
 * Reads the key file; undefined if there is none. Accepts the same files as {@link readCertificateFile} if others have no
 * access. The group may read it.
 *
 * @throws FileError `file_unreadable`, `file_unsafe`
 */
export function readKeyFile(path: string): Promise<string | undefined> {
  return readPairFile(path, KEY)
}
