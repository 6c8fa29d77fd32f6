import * as fc from 'fast-check'
import type { Test } from 'tap'

/** Asserts that a property holds, and otherwise shows the smallest counterexample. */
export function holds<T>(t: Test, property: fc.IProperty<T>, parameters: fc.Parameters<T>): void {
  const details = fc.check(property, parameters)
  t.notOk(details.failed, fc.defaultReportMessage(details) ?? `${details.numRuns} runs`)
}
