/** One thing that must be well. */
export interface Check {
  readonly name: string
  /** What is not well; null while all is. It is for the log and for people on the node, not for whoever asks over the network. */
  readonly fault: () => string | null
}

/** The outcome of some checks, as an HTTP answer. */
interface CheckAnswer {
  readonly status: 200 | 500
  readonly body: string
}

/** Alive is whoever can answer at all. */
export const PING: Check = { name: 'ping', fault: () => null }

/**
 * Answers as the API server's endpoint of that name: `ok` alone where nothing fails and no list is asked for (`?verbose`).
 *
 * @see {@link https://kubernetes.io/docs/reference/using-api/health-checks/ | Kubernetes API health endpoints}
 */
function answerChecks(endpoint: 'livez' | 'readyz', checks: readonly Check[], isVerbose: boolean): CheckAnswer {
  const outcomes = checks.map(({ name, fault }) => ({ name, isWell: fault() === null }))
  const isWell = outcomes.every((outcome) => outcome.isWell)
  if (isWell && !isVerbose) return { status: 200, body: 'ok' }
  const lines = outcomes.map((outcome) =>
    outcome.isWell ? `[+]${outcome.name} ok` : `[-]${outcome.name} failed: reason withheld`,
  )
  return {
    status: isWell ? 200 : 500,
    body: `${[...lines, `${endpoint} check ${isWell ? 'passed' : 'failed'}`].join('\n')}\n`,
  }
}

/** The checks of the server. */
export interface HealthChecks {
  readonly live: () => readonly Check[]
  readonly ready: () => readonly Check[]
}

/** The answer to a path with its query; null where it is none of the two endpoints. */
export function answerPath(url: string, { live, ready }: HealthChecks): CheckAnswer | null {
  const [path = '', query = ''] = url.split('?', 2)
  const isVerbose = new URLSearchParams(query).has('verbose')
  if (path === '/livez') return answerChecks('livez', live(), isVerbose)
  if (path === '/readyz') return answerChecks('readyz', ready(), isVerbose)
  return null
}
