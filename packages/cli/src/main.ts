import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { run } from './run.ts'
import { captureLibraryOutput, stderr, stdout } from './terminal/writer.ts'

function main(): Promise<number> {
  // This variable would let anyone pose as STS. Our connections ignore it; deleting it also avoids the runtime's warning.
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  // Windows would search the working folder first for the program of a credential_process or an exec plugin.
  if (process.platform === 'win32') process.env['NoDefaultCurrentDirectoryInExePath'] = '1'
  return run(process.argv.slice(2), { environment: process.env, stdout, stderr, now: () => new Date() })
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
