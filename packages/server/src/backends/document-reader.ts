import { constants, setPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import {
  awsAuthLength,
  readAwsAuth,
  type AwsAuthData,
  type AwsAuthGates,
  type ReadAwsAuth,
} from '@aws-iam-authenticator/core/mapping/aws-auth'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import { parseDynamicFile, type ParsedDynamicFile } from '@aws-iam-authenticator/core/mapping/dynamic-file'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'

/** The longest document that is read on the event loop, in UTF-16 code units: about 20 ms of work. */
const MAX_LENGTH_ON_EVENT_LOOP = 16 * 1024

/** The longest time that a worker thread may take, in milliseconds: many times the time of the largest document. */
const WORKER_TIMEOUT_MS = 30_000

/** A dynamic file to read. */
interface DynamicFileTask {
  readonly text: string
  readonly source: string
  /** Whether entries match by user id (`server.dynamicfileUserIDStrict`). */
  readonly userIdStrict: boolean
  readonly gates: Pick<EntryGates, 'rolePaths'>
}

/** A document to read. */
type Task =
  | { readonly kind: 'aws-auth'; readonly data: AwsAuthData; readonly gates: AwsAuthGates }
  | ({ readonly kind: 'dynamic-file' } & DynamicFileTask)

/** Reads documents without blocking the event loop: it starts a worker thread for each long one. */
export interface DocumentReader {
  /** @throws {Error} The worker thread failed or took too long. */
  awsAuth(data: AwsAuthData, gates: AwsAuthGates): Promise<ReadAwsAuth>
  /** @throws {Error} The worker thread failed or took too long. */
  dynamicFile(task: DynamicFileTask): Promise<ParsedDynamicFile>
}

function readDynamicFile({ text, source, userIdStrict, gates }: DynamicFileTask): ParsedDynamicFile {
  return parseDynamicFile(text, source, userIdStrict, gates)
}

/**
 * Runs a task in a worker thread and returns its result.
 *
 * The result is sent as JSON, which the event loop parses in a tenth of the time of a structured clone.
 */
async function inWorker<Result>(program: string | URL, task: Task): Promise<Result> {
  const worker = new Worker(program, { workerData: task, env: {} })
  const timeout = Promise.withResolvers<never>()
  const fail = (): void =>
    timeout.reject(new Error(`the document took longer than ${WORKER_TIMEOUT_MS / 1000} s to read`))
  const timer = setTimeout(fail, WORKER_TIMEOUT_MS)
  // The message is the result of answerDocumentTask.
  const parse: (json: string) => Result = JSON.parse
  const answer = new Promise<Result>((resolve, reject) => {
    worker.once('message', (json) => resolve(parse(String(json))))
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the worker thread that read the document exited with ${code}`)))
  })
  try {
    return await Promise.race([answer, timeout.promise])
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}

/** @param program The program of the worker thread; it must post what {@link answerDocumentTask} returns. */
export function createDocumentReader(program: string | URL): DocumentReader {
  return {
    awsAuth: async (data, gates) => {
      if (awsAuthLength(data) <= MAX_LENGTH_ON_EVENT_LOOP) return readAwsAuth(data, gates)
      return inWorker(program, { kind: 'aws-auth', data, gates })
    },
    dynamicFile: async (task) => {
      if (task.text.length <= MAX_LENGTH_ON_EVENT_LOOP) return readDynamicFile(task)
      return inWorker(program, { kind: 'dynamic-file', ...task })
    },
  }
}

function isTask(value: unknown): value is Task {
  return isRecord(value) && (value['kind'] === 'aws-auth' || value['kind'] === 'dynamic-file')
}

/**
 * Runs the task of a worker thread. It turns off stack traces in the thread, because a hostile document can cause 100,000 errors.
 *
 * @param task The `workerData` that {@link createDocumentReader} passed.
 * @returns The message to post.
 */
export function answerDocumentTask(task: unknown): string {
  if (!isTask(task)) throw new TypeError('a worker thread without a task')
  Error.stackTraceLimit = 0
  // On Linux this is the priority of the thread alone: logins come first.
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW)
  return JSON.stringify(task.kind === 'aws-auth' ? readAwsAuth(task.data, task.gates) : readDynamicFile(task))
}
