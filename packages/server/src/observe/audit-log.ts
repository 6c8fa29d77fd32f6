import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { escapeLine } from '@aws-iam-authenticator/core/log/control-characters'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Decision } from '../login/decision.ts'

/** What waits for a disk that is slow or hangs; more is dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
// A FIFO that nobody reads is an error, and one that is full too: opening or writing it doesn't wait.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

/** How long a stop waits for the disk. */
const FLUSH_MS = 1_000

export interface AuditLogOptions {
  readonly path: string
  readonly log: Log
  readonly now: () => Date
  /** So many decisions are not in the file, and will not be. */
  readonly lost: (count: number) => void
}

/** A file of decisions, one in a line. A login never waits for it and never fails because of it. */
export interface AuditLog {
  note(decision: Decision): void
  /** Opens the path anew: after the file there was renamed. */
  reopen(): void
  /** Why the last write failed; null where it did not. */
  fault(): string | null
  /** Writes what waits, and ends. */
  close(): Promise<void>
}

/** One line, as documented: what is not known is left out. */
export function auditLine(decision: Decision, time: Date): string {
  const { reason, error, identity, stsHost, client, backend, entry, user, latencyMs } = decision
  const fields = {
    time: time.toISOString(),
    decision: reason === null ? 'granted' : 'refused',
    reason,
    error,
    arn: identity?.arn,
    canonicalArn: identity?.canonicalArn,
    account: identity?.accountId,
    userId: identity?.userId,
    session: identity?.sessionName,
    accessKeyId: identity?.accessKeyId,
    stsHost,
    client,
    backend,
    entry,
    username: user?.username,
    uid: user?.uid,
    groups: user?.groups,
    latencyMs,
  }
  // Read on terminals too.
  return `${escapeLine(JSON.stringify(fields, (_key, value: unknown) => value ?? undefined))}\n`
}

/**
 * Opens the audit log: appended to, mode 0600 where it is made. A file that can't be opened or written is told once, until it
 * can be again; what could not be written is counted.
 */
export function openAuditLog({ path, log, now, lost }: AuditLogOptions): AuditLog {
  let waiting: string[] = []
  let waitingBytes = 0
  let handle: FileHandle | null = null
  const file = { mustReopen: true }
  let fault: string | null = null
  let running: Promise<void> | null = null

  const failed = (error: unknown, count: number): void => {
    if (count > 0) lost(count)
    if (fault === null) {
      const hint = 'logins go on; see aws_iam_authenticator_audit_lost_total'
      log.error(`the audit log ${path} can't be written: ${hint}`, { error: messageOf(error) })
    }
    fault = messageOf(error)
  }
  const closeHandle = async (): Promise<void> => {
    const closing = handle
    handle = null
    await closing?.close().catch(() => undefined)
  }
  const ready = async (): Promise<FileHandle> => {
    if (file.mustReopen) {
      file.mustReopen = false
      await closeHandle()
    }
    handle ??= await open(path, FLAGS, 0o600)
    return handle
  }
  const drain = async (): Promise<void> => {
    while (waiting.length > 0 || file.mustReopen) {
      const lines = waiting
      waiting = []
      waitingBytes = 0
      try {
        const opened = await ready()
        if (lines.length > 0) await opened.appendFile(lines.join(''))
        if (fault !== null && lines.length > 0) {
          fault = null
          log.info(`the audit log ${path} is written again`)
        }
      } catch (error) {
        failed(error, lines.length)
        // A file system that was mended may want a new handle.
        await closeHandle()
      }
    }
    running = null
  }
  const start = (): void => {
    running ??= drain()
  }
  file.mustReopen = true
  start()
  return {
    note: (decision) => {
      const line = auditLine(decision, now())
      if (waitingBytes + line.length > MAX_WAITING_BYTES) {
        failed(new Error(`more than ${MAX_WAITING_BYTES} bytes wait for the disk`), 1)
        return
      }
      waiting.push(line)
      waitingBytes += line.length
      start()
    },
    reopen: () => {
      file.mustReopen = true
      start()
    },
    fault: () => fault,
    close: async () => {
      let timer: NodeJS.Timeout | undefined
      const givenUp = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, FLUSH_MS)
      })
      await Promise.race([running ?? Promise.resolve(), givenUp])
      clearTimeout(timer)
      if (waiting.length > 0) failed(new Error('the disk did not take it before the stop'), waiting.length)
      await Promise.race([closeHandle(), givenUp])
    },
  }
}
