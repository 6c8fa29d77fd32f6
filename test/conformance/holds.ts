import * as fc from 'fast-check'
import type { Test } from 'tap'

/** Asserts that a property holds, with its smallest counterexample where it does not. */
export function holds<T>(t: Test, property: fc.IProperty<T>, parameters: fc.Parameters<T>): void {
  const details = fc.check(property, parameters)
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? `${details.numRuns} runs`)
}
