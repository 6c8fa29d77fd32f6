import { writeSync } from 'node:fs'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { run } from './run.ts'

/** Writes at once and whole; a pipe that is full takes some tries, one that is closed ends the process as the shell expects. */
function writeTo(descriptor: number): (text: string) => void {
  return (text) => {
    let rest = Buffer.from(text)
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest))
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined
        if (code === 'EPIPE') process.exit(0)
        if (code !== 'EAGAIN') throw error
      }
    }
  }
}

async function main(): Promise<number> {
  // Would let anybody be STS. Connections say themselves that certificates count; this also spares the runtime's warning.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  const stderr = writeTo(2)
  try {
    return await run(process.argv.slice(2), {
      environment: process.env,
      stdout: writeTo(1),
      stderr,
      now: () => new Date(),
    })
  } catch (error) {
    // A mistake of this program. The message may quote what it was working on, so only where it happened is shown.
    const where =
      error instanceof Error
        ? `${error.name}\n${error.stack?.replace(/^[\s\S]*?(?=\n {4}at )/, '') ?? ''}`
        : typeof error
    stderr(`Error: aws-iam-authenticator failed inside, which is a bug: ${where}\n`)
    return 1
  }
}

/** The server reads long documents in worker threads, which run this file too. */
async function answerTask(): Promise<void> {
  const { answerDocumentTask } = await import('@aws-iam-authenticator/server')
  parentPort?.postMessage(answerDocumentTask(workerData))
}

if (isMainThread) void main().then((code) => process.exit(code))
else void answerTask()
