import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { escapeLine } from '@aws-iam-authenticator/core/log/control-characters'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Decision } from '../login/decision.ts'

/** The limit of lines that wait for a slow disk, in bytes. Excess lines are dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
// Never wait for a FIFO: one without a reader and one that is full are errors.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

/** The longest time that a stop waits for the disk, in milliseconds. */
const FLUSH_MS = 1_000

interface AuditLogOptions {
  readonly path: string
  readonly log: Log
  readonly now: () => Date
  /** Counts decisions that are missing in the file for good. */
  readonly onLost: (count: number) => void
}

/** A file of decisions, one per line. A login never waits for it and never fails because of it. */
interface AuditLog {
  note(decision: Decision): void
  /** Opens the path again, after its file was renamed. */
  reopen(): void
  /** The reason why the last write failed; null if it succeeded. */
  fault(): string | null
  /** Writes the waiting lines and closes the file. */
  close(): Promise<void>
}

/** A file that is opened on the first write and only appended to. */
interface AppendedFile {
  /** Whether the next write opens the file first. */
  readonly mustOpen: boolean
  /** Opens the path again on the next write. */
  readonly reopen: () => void
  /** Appends a text, which may be empty: then the file is opened if necessary. */
  readonly append: (text: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** Renders one line of the audit log. Unknown fields are left out. */
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
  // People read the file on terminals, too.
  return `${escapeLine(JSON.stringify(fields, (_key, value: unknown) => value ?? undefined))}\n`
}

function createAppendedFile(path: string): AppendedFile {
  let handle: FileHandle | null = null
  let mustOpen = true
  const close = async (): Promise<void> => {
    const closing = handle
    handle = null
    await closing?.close().catch(() => undefined)
  }
  const ready = async (): Promise<FileHandle> => {
    if (mustOpen) {
      mustOpen = false
      await close()
    }
    handle ??= await open(path, FLAGS, 0o600)
    return handle
  }
  return {
    get mustOpen() {
      return mustOpen
    },
    reopen: () => {
      mustOpen = true
    },
    append: async (text) => {
      const opened = await ready()
      if (text !== '') await opened.appendFile(text)
    },
    close,
  }
}

/** Lines that wait for the disk. */
interface WaitingLines {
  readonly count: number
  /** Adds a line, unless there is no room for it. */
  readonly add: (line: string) => boolean
  /** Removes and returns all lines. */
  readonly take: () => readonly string[]
}

function createWaitingLines(): WaitingLines {
  let lines: string[] = []
  let bytes = 0
  return {
    get count() {
      return lines.length
    },
    add: (line) => {
      if (bytes + line.length > MAX_WAITING_BYTES) return false
      lines.push(line)
      bytes += line.length
      return true
    },
    take: () => {
      const taken = lines
      lines = []
      bytes = 0
      return taken
    },
  }
}

/**
 * Opens the audit log. It is appended to, and created with mode 0600. The log has one line when writing begins to fail, and one when
 * it succeeds again. Decisions that can't be written are counted.
 */
export function openAuditLog({ path, log, now, onLost }: AuditLogOptions): AuditLog {
  const file = createAppendedFile(path)
  const waiting = createWaitingLines()
  let fault: string | null = null
  let running: Promise<void> | null = null

  const failed = (error: unknown, count: number): void => {
    if (count > 0) onLost(count)
    if (fault === null) {
      const hint = 'logins go on; see aws_iam_authenticator_audit_lost_total'
      log.error(`the audit log ${path} can't be written: ${hint}`, { error: messageOf(error) })
    }
    fault = messageOf(error)
  }
  const drain = async (): Promise<void> => {
    while (waiting.count > 0 || file.mustOpen) {
      const lines = waiting.take()
      try {
        await file.append(lines.join(''))
        if (fault !== null && lines.length > 0) {
          fault = null
          log.info(`the audit log ${path} is written again`)
        }
      } catch (error) {
        failed(error, lines.length)
        // A file system that was repaired may need a new handle.
        await file.close()
      }
    }
    running = null
  }
  const start = (): void => {
    running ??= drain()
  }
  start()
  return {
    note: (decision) => {
      if (waiting.add(auditLine(decision, now()))) start()
      else failed(new Error(`more than ${MAX_WAITING_BYTES} bytes wait for the disk`), 1)
    },
    reopen: () => {
      file.reopen()
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
      if (waiting.count > 0) failed(new Error('the disk did not take it before the stop'), waiting.count)
      await Promise.race([file.close(), givenUp])
    },
  }
}
