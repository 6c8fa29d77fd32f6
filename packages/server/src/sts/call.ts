import type { Dispatcher } from 'undici'
import type { Deadline } from './deadlines.ts'

/** An answer of STS. */
export interface StsAnswer {
  /** HTTP status. */
  readonly status: number
  readonly retryAfter: string | string[] | undefined
  /** Decoded as UTF-8; null if it is too long. */
  readonly body: string | null
}

interface StsCall {
  readonly dispatcher: Dispatcher
  readonly options: Dispatcher.DispatchOptions
  readonly maxBytes: number
  readonly deadline: Deadline
}

/**
 * Makes one call. It uses undici's dispatch handlers instead of a stream: answers of STS are short, and a stream for each would be a
 * large part of the cost of a login.
 *
 * @throws {Error} undici's error if there is no answer; a `TimeoutError` if there is none in time.
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
        // The time was up before there was a connection.
        if (over !== null) given.abort(over)
      },
      // Also called for informational answers (1xx); the last call counts.
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
