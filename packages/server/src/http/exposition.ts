import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Registry } from 'prom-client'
import { createSingleFlight } from '../util/single-flight.ts'
import { prefersGzip } from './prefers-gzip.ts'

const compress = promisify(gzip)

/** The metrics as an answer. */
interface Exposition {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/**
 * Creates a function that renders the metrics, compressed if the client prefers that. Scrapes at the same time share one rendering, so
 * that any number of them costs no more than one.
 */
export function createExposition(registry: Registry): (acceptEncoding: unknown) => Promise<Exposition> {
  const inFlight = createSingleFlight<Exposition>()
  const type = { 'content-type': registry.contentType }
  const plain = async (): Promise<Exposition> => ({ headers: type, body: await registry.metrics() })
  const compressed = async (): Promise<Exposition> => ({
    headers: { ...type, 'content-encoding': 'gzip' },
    body: await compress(await registry.metrics()),
  })
  return (acceptEncoding) =>
    prefersGzip(acceptEncoding) ? inFlight.run('gzip', compressed) : inFlight.run('identity', plain)
}
