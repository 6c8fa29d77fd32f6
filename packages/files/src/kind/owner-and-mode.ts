import type { Stats } from 'node:fs'

/** Formats `owner uid 0, mode 0644` for an error; empty on Windows, where neither has a meaning. */
export function ownerAndMode({ uid, mode }: Stats): string {
  if (process.platform === 'win32') return ''
  return `owner uid ${uid}, mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`
}
