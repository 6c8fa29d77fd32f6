import { assert, asyncProperty } from 'fast-check'
import { buildProgram, READ_AWS_AUTH } from '../harness/binary.ts'
import { compare } from './compare.ts'
import { startReferenceReader } from './reference.ts'
import { awsAuthTexts } from './texts.ts'

/** The kinds of oddities that never make us reject an entry that the reference accepts. */
const NEVER_REJECTED: ReadonlySet<string> = new Set(['document', 'same key twice'])

/** The result of a differential run. */
export interface DifferentialReport {
  readonly seed: number
  /** ConfigMaps that both readers read. */
  readonly texts: number
  /** Entries and accounts that both accept. */
  readonly acceptedByBoth: number
  /** ConfigMaps of which we reject an entry or account that the reference accepts, by kind; only those that are odd in one way. */
  readonly rejectedHere: Readonly<Record<string, number>>
  /** ConfigMaps in which an ARN becomes another user here, because an entry that the reference accepts is rejected. */
  readonly uncovered: number
  /** ConfigMaps with entries that we accept, while the reference drops their list: JSON can't hold a value of another entry. */
  readonly keptHere: number
  /** A short ConfigMap that we accept and the reference reads differently or not at all; null if there is none. */
  readonly fault: string | null
}

export interface DifferentialOptions {
  readonly count: number
  readonly seed: number
  /** Called after each ConfigMap with the number of ConfigMaps so far. */
  readonly onProgress?: (done: number) => void
}

/** Reads generated data of aws-auth with our reader and with the reference's, and compares the results. */
export async function runDifferential({ count, seed, onProgress }: DifferentialOptions): Promise<DifferentialReport> {
  const reader = startReferenceReader(await buildProgram(READ_AWS_AUTH))
  const rejectedHere: Record<string, number> = {}
  let [texts, acceptedByBoth, uncovered, keptHere] = [0, 0, 0, 0]
  const property = asyncProperty(awsAuthTexts, async ({ data, kinds }) => {
    const comparison = compare(data, await reader.read(data))
    texts += 1
    acceptedByBoth += comparison.acceptedByBoth
    if (comparison.uncovered.length > 0) uncovered += 1
    if (comparison.kept > 0) keptHere += 1
    const [kind, ...more] = kinds
    if (kind !== undefined && more.length === 0 && comparison.rejected.length > 0) {
      rejectedHere[kind] = (rejectedHere[kind] ?? 0) + 1
    }
    onProgress?.(texts)
    if (kinds.length > 0 && kinds.every((name) => NEVER_REJECTED.has(name)) && comparison.rejected.length > 0) {
      throw new Error(`only the reference accepts ${comparison.rejected.join(', ')}`)
    }
    if (comparison.faults.length > 0) throw new Error(comparison.faults.join('\n'))
  })
  let fault: string | null = null
  try {
    await assert(property, { seed, numRuns: count })
  } catch (error) {
    fault = error instanceof Error ? error.message : String(error)
  } finally {
    await reader.close()
  }
  return { seed, texts, acceptedByBoth, rejectedHere, uncovered, keptHere, fault }
}
