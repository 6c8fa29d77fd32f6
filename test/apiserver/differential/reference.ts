import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'

/** The data of a ConfigMap aws-auth. */
export type AwsAuthData = Readonly<Record<string, string>>

/** One item of mapRoles or mapUsers as the reference reads it. */
export interface ReferenceEntry {
  /** As it is written; of a permission set, the ARN of its roles up to their last underscore. Empty if the reference drops the item. */
  readonly arn: string
  readonly username: string
  readonly groups: readonly string[]
}

/** What the reference reads in aws-auth. */
export interface ReferenceAnswer {
  /** One entry for each item of the list. */
  readonly roles: readonly ReferenceEntry[]
  readonly users: readonly ReferenceEntry[]
  readonly accounts: readonly string[]
  /** Data keys that the reference drops as a whole: valid YAML with a value that JSON cannot express, such as a map as a key. */
  readonly unconvertible: readonly string[]
}

/** The Go program that reads aws-auth as the reference does. */
export interface ReferenceReader {
  readonly read: (data: AwsAuthData) => Promise<ReferenceAnswer>
  readonly close: () => Promise<void>
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((text) => typeof text === 'string')
}

function entriesOf(value: unknown): readonly ReferenceEntry[] {
  return listOf(value).map((item) => ({
    arn: textAt(item, 'arn') ?? '',
    username: textAt(item, 'username') ?? '',
    groups: textsOf(property(item, 'groups')),
  }))
}

/** Starts the reader. It reads one ConfigMap after the other. */
export function startReferenceReader(path: string): ReferenceReader {
  const child = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async read(data) {
      child.stdin.write(`${JSON.stringify(data)}\n`)
      const line = await lines.next()
      if (line.done === true) throw new Error('the reader of aws-auth ended')
      const answer: unknown = JSON.parse(line.value)
      return {
        roles: entriesOf(property(answer, 'roles')),
        users: entriesOf(property(answer, 'users')),
        accounts: textsOf(property(answer, 'accounts')),
        unconvertible: textsOf(property(answer, 'unconvertible')),
      }
    },
    async close() {
      child.stdin.end()
      await exited
    },
  }
}
