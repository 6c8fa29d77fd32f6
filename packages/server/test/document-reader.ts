import { createDocumentReader, type DocumentReader } from '../src/backends/document-reader.ts'

/** A reader whose worker threads run the sources. */
export const reader: DocumentReader = createDocumentReader(
  new URL('../src/backends/document-worker.ts', import.meta.url),
)
