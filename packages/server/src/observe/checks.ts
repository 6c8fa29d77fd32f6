/** A health check. */
export interface Check {
  readonly name: string
  /** Returns the problem; null if there is none. Only `/status` shows it, which answers on the node alone. */
  readonly fault: () => string | null
}

/** The outcome of checks as an HTTP answer. */
interface CheckAnswer {
  readonly status: 200 | 500
  readonly body: string
}

/** Always succeeds: a server that answers is alive. */
export const PING: Check = { name: 'ping', fault: () => null }

/**
 * Answers like the API server's endpoint of that name: `ok` alone if all checks pass and no list is requested (`?verbose`).
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

/** The health checks of the server. */
export interface HealthChecks {
  readonly live: () => readonly Check[]
  readonly ready: () => readonly Check[]
}

/** Answers a path with its query; null if it is neither `/livez` nor `/readyz`. */
export function answerPath(url: string, { live, ready }: HealthChecks): CheckAnswer | null {
  const [path = '', query = ''] = url.split('?', 2)
  const isVerbose = new URLSearchParams(query).has('verbose')
  if (path === '/livez') return answerChecks('livez', live(), isVerbose)
  if (path === '/readyz') return answerChecks('readyz', ready(), isVerbose)
  return null
}
