import type { Dispatcher } from 'undici'
import type { Deadline } from './deadlines.ts'

/** What came back from STS. */
export interface StsAnswer {
  /** HTTP status. */
  readonly status: number
  readonly retryAfter: string | string[] | undefined
  /** UTF-8; null where it is longer than it may be. */
  readonly body: string | null
}

interface StsCall {
  readonly dispatcher: Dispatcher
  readonly options: Dispatcher.DispatchOptions
  readonly maxBytes: number
  readonly deadline: Deadline
}

/**
 * Makes one call. It listens to undici itself, in place of a stream that is read to its end: an answer of STS is short, and a
 * stream for each would be a good part of what a login costs.
 *
 * @throws {Error} As undici says it, where there is no answer; a `TimeoutError` where there is none in time.
 */
export function callSts({ dispatcher, options, maxBytes, deadline }: StsCall): Promise<StsAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    let status = 0
    let retryAfter: StsAnswer['retryAfter']
    let controller: Dispatcher.DispatchController | null = null
    let over: Error | null = null
    deadline.onOver = (error) => {
      over = error
      reject(error)
      controller?.abort(error)
    }
    dispatcher.dispatch(options, {
      onRequestStart: (given) => {
        controller = given
        // It waited for a connection longer than it had time.
        if (over !== null) given.abort(over)
      },
      // Told of informational answers as well; the last one counts.
      onResponseStart: (_given, statusCode, headers) => {
        status = statusCode
        retryAfter = headers['retry-after']
      },
      onResponseData: (given, chunk) => {
        length += chunk.length
        chunks.push(chunk)
        if (length <= maxBytes) return
        resolve({ status, retryAfter, body: null })
        given.abort(new Error('the answer is too long'))
      },
      onResponseEnd: () => {
        const [first] = chunks
        const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
        resolve({ status, retryAfter, body: whole.toString('utf8') })
      },
      onResponseError: (_given, error) => reject(error),
    })
  })
}
