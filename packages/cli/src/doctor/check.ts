import { messageOf } from '@aws-iam-authenticator/core/untrusted'

/** The outcome of a check. `skipped`: a check that it depends on failed. */
export type CheckState = 'ok' | 'warning' | 'failed' | 'skipped'

/** One check, as it is shown. */
export interface Check {
  readonly name: string
  readonly state: CheckState
  /** What was found, in one line. For a warning or a failure it says what to do. */
  readonly found: string
}

/** What a check found, and the value that later checks depend on. */
export interface Finding<T> {
  readonly found: string
  readonly value: T
  /** Default: false. */
  readonly isWarning?: boolean
}

/** Runs checks in order and collects their outcomes. */
export interface Examination {
  readonly checks: readonly Check[]
  /**
   * Runs a check. An error becomes a failed check.
   *
   * @param dependency The value of an earlier check. If it is undefined, this check is skipped.
   * @returns undefined if the check failed or was skipped.
   */
  check<D extends object, T extends object>(
    name: string,
    dependency: D | undefined,
    run: (dependency: D) => Promise<Finding<T>> | Finding<T>,
  ): Promise<T | undefined>
}

export function createExamination(): Examination {
  const checks: Check[] = []
  return {
    checks,
    async check(name, dependency, run) {
      if (dependency === undefined) {
        checks.push({ name, state: 'skipped', found: 'an earlier check failed' })
        return undefined
      }
      try {
        const { found, value, isWarning = false } = await run(dependency)
        checks.push({ name, state: isWarning ? 'warning' : 'ok', found })
        return value
      } catch (error) {
        checks.push({ name, state: 'failed', found: messageOf(error) })
        return undefined
      }
    },
  }
}
