import { readdirSync, readFileSync } from 'node:fs'

interface Process {
  readonly pid: number
}

/** Resident memory of a process, in MiB. */
export function residentMebibytes({ pid }: Process): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

/** The number of open descriptors of a process. */
export function openFiles({ pid }: Process): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
