// The program of the worker thread that reads one document.
import { parentPort, workerData } from 'node:worker_threads'
import { answerDocumentTask } from './document-reader.ts'

parentPort?.postMessage(answerDocumentTask(workerData), [])
