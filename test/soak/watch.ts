import { readdirSync, readFileSync } from 'node:fs'

/** The resources of a process at one moment. */
export interface Sample {
  /** Seconds since the start of the soak. */
  readonly second: number
  readonly residentMiB: number
  /** Open files and sockets. */
  readonly files: number
}

export function sampleProcess(pid: number, second: number): Sample {
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return { second, residentMiB: Number(kibibytes) / 1024, files: readdirSync(`/proc/${pid}/fd`).length }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The slope of the resident memory by least squares, in MiB a minute. */
export function memorySlope(samples: readonly Sample[]): number {
  const [seconds, sizes] = [samples.map(({ second }) => second), samples.map(({ residentMiB }) => residentMiB)]
  const [meanSecond, meanSize] = [mean(seconds), mean(sizes)]
  let [above, below] = [0, 0]
  for (const { second, residentMiB } of samples) {
    above += (second - meanSecond) * (residentMiB - meanSize)
    below += (second - meanSecond) ** 2
  }
  return below === 0 ? 0 : (60 * above) / below
}

/** The value below which the given share lies; 0 without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
