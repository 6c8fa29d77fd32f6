import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { run } from './run.ts'
import { captureLibraryOutput, stderr, stdout } from './terminal/writer.ts'

async function main(): Promise<number> {
  // This variable would let anyone pose as STS. Our connections ignore it; deleting it also avoids the runtime's warning.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  // Windows would search the working folder first for the program of a credential_process or an exec plugin.
  if (process.platform === 'win32') process.env['NoDefaultCurrentDirectoryInExePath'] = '1'
  try {
    return await run(process.argv.slice(2), {
      environment: process.env,
      stdout,
      stderr,
      now: () => new Date(),
    })
  } catch (error) {
    // A bug in this program. The message may quote secrets, so show only the name and the stack.
    const name = error instanceof Error ? error.name : typeof error
    stderr.line(`Error: aws-iam-authenticator failed inside, which is a bug: ${name}`)
    const [, ...calls] = error instanceof Error ? (error.stack ?? '').split('\n    at ') : []
    stderr.lines(calls.map((call) => `    at ${call}`))
    return 1
  }
}

/** Reads a long document for the server. The worker thread for it runs this file too. */
async function answerTask(): Promise<void> {
  const { answerDocumentTask } = await import('@aws-iam-authenticator/server/backends/document-reader')
  parentPort?.postMessage(answerDocumentTask(workerData), [])
}

if (isMainThread) {
  captureLibraryOutput()
  void main().then((code) => process.exit(code))
} else void answerTask()
