import { setTimeout } from 'node:timers/promises'
import type { ControlPlane } from './control-plane.ts'
import { roleToken } from './govcloud.ts'

const PEOPLE = 4
/** The delay of a person after the API server was unavailable. */
const AWAY_MS = 20

/** The outcomes of people who log in continuously, each time with another token. */
export class Logins {
  right = 0
  /** The API server called the webhook in vain, which must not happen. */
  refused = 0
  /** The API server itself was unavailable or not ready. */
  away = 0
  readonly #over = new AbortController()
  readonly #loops: readonly Promise<void>[]

  constructor({ api, aws }: ControlPlane) {
    const loop = async (): Promise<void> => {
      while (!this.#over.signal.aborted) {
        const who = await api.whoIs(roleToken(aws, 'K8s-Admin')).catch(() => 'away')
        if (who === 'iam-admin-alice') this.right += 1
        else if (who === 'status 401') this.refused += 1
        else this.away += 1
        if (who !== 'iam-admin-alice') await setTimeout(AWAY_MS)
      }
    }
    this.#loops = Array.from({ length: PEOPLE }, loop)
  }

  /** Waits for more correct logins. */
  async more(count: number): Promise<void> {
    const enough = this.right + count
    while (this.right < enough && this.refused === 0) await setTimeout(AWAY_MS)
  }

  async end(): Promise<void> {
    this.#over.abort()
    await Promise.all(this.#loops)
  }
}
