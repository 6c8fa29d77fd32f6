import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
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

/** Renders one line of the audit log. Unknown fields are left out. */
export function auditLine(decision: Decision, time: Date): string {
  const { reason, error, identity, stsHost, issuer, client, backend, entry, user, latencyMs } = decision
  const fields = {
    time: time.toISOString(),
    decision: reason === null ? 'granted' : 'refused',
    reason,
    error,
    arn: identity?.arn,
    canonicalArn: identity?.canonicalArn,
    account: identity?.accountId,
    // A JWT has none of these three, and they are empty.
    userId: identity?.userId === '' ? undefined : identity?.userId,
    session: identity?.sessionName,
    accessKeyId: identity?.accessKeyId,
    sourceIdentity: identity?.web?.sourceIdentity,
    stsHost,
    issuer,
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

/**
 * A file of decisions, one per line. It is appended to, and created with mode 0600. A login never waits for it and never fails because of
 * it. The log has one line when writing begins to fail, and one when it succeeds again. Decisions that can't be written are counted.
 */
export class AuditLog {
  readonly #options: AuditLogOptions
  #file: FileHandle | undefined
  /** Whether the next write must open the path first. */
  #mustOpen = true
  /** The lines that wait for the disk. */
  #lines: string[] = []
  #bytes = 0
  #fault: string | null = null
  #running: Promise<void> | undefined

  constructor(options: AuditLogOptions) {
    this.#options = options
    this.#start()
  }

  /** The reason why the last write failed; null if it succeeded. */
  get fault(): string | null {
    return this.#fault
  }

  note(decision: Decision): void {
    const line = auditLine(decision, this.#options.now())
    if (this.#bytes + line.length > MAX_WAITING_BYTES) {
      this.#failed(`more than ${MAX_WAITING_BYTES} bytes wait for the disk`, 1)
      return
    }
    this.#lines.push(line)
    this.#bytes += line.length
    this.#start()
  }

  /** Opens the path again, after its file was renamed. */
  reopen(): void {
    this.#mustOpen = true
    this.#start()
  }

  /** Writes the waiting lines and closes the file, within {@link FLUSH_MS}. */
  async close(): Promise<void> {
    const timeout = sleep(FLUSH_MS, undefined, { ref: false })
    await Promise.race([this.#running, timeout])
    if (this.#lines.length > 0) this.#failed('the disk did not take it before the stop', this.#lines.length)
    await Promise.race([this.#closeFile(), timeout])
  }

  #start(): void {
    this.#running ??= this.#drain()
  }

  async #drain(): Promise<void> {
    const { path, log } = this.#options
    while (this.#lines.length > 0 || this.#mustOpen) {
      const lines = this.#lines
      this.#lines = []
      this.#bytes = 0
      try {
        await this.#append(lines.join(''))
        if (this.#fault !== null && lines.length > 0) {
          this.#fault = null
          log.info(`the audit log ${path} is written again`)
        }
      } catch (error) {
        this.#failed(messageOf(error), lines.length)
        // A file system that was repaired may need a new handle.
        await this.#closeFile()
      }
    }
    this.#running = undefined
  }

  async #append(text: string): Promise<void> {
    if (this.#mustOpen) {
      this.#mustOpen = false
      await this.#closeFile()
    }
    this.#file ??= await open(this.#options.path, FLAGS, 0o600)
    if (text !== '') await this.#file.appendFile(text)
  }

  async #closeFile(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => undefined)
  }

  #failed(error: string, lost: number): void {
    const { path, log, onLost } = this.#options
    if (lost > 0) onLost(lost)
    if (this.#fault === null) {
      const hint = 'logins go on; see aws_iam_authenticator_audit_lost_total'
      log.error(`the audit log ${path} can't be written: ${hint}`, { error })
    }
    this.#fault = error
  }
}
