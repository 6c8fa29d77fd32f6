import type { Dispatcher } from 'undici'
import { callSts } from '../sts/call.ts'
import { createDeadlines } from '../sts/deadlines.ts'
import { describeFailure } from '../util/describe-failure.ts'
import { MAX_KEY_SET_BYTES } from './key-set.ts'

/** The timeout of a fetch, in milliseconds. */
const TIMEOUT_MS = 5_000

interface FetchOptions {
  readonly dispatcher: Dispatcher
  readonly url: string
  readonly userAgent: string
}

/** A document, or the end of a sentence about its URL. */
type Fetched = { readonly body: string; readonly fault: null } | { readonly body: null; readonly fault: string }

const begin = createDeadlines(TIMEOUT_MS)

function failed(fault: string): Fetched {
  return { body: null, fault }
}

/** Fetches the document with an issuer's keys. Redirects are not followed. */
export async function fetchKeySet({ dispatcher, url, userAgent }: FetchOptions): Promise<Fetched> {
  const { origin, pathname } = new URL(url)
  const headers = { accept: 'application/json', 'user-agent': userAgent }
  const deadline = begin()
  try {
    const { status, body } = await callSts({
      dispatcher,
      options: { origin, path: pathname, method: 'GET', headers },
      maxBytes: MAX_KEY_SET_BYTES,
      deadline,
    })
    if (status !== 200) return failed(`answered with status ${status}`)
    return body === null ? failed(`is longer than ${MAX_KEY_SET_BYTES} bytes`) : { body, fault: null }
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      return failed(`did not answer within ${TIMEOUT_MS / 1000} s`)
    return failed(`can't be reached: ${describeFailure(error)}`)
  } finally {
    deadline.end()
  }
}
