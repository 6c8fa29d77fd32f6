import { spawnSync } from 'node:child_process'

/** True if a program of Debian's package prometheus can run; otherwise the reason for skipping the test. */
export function missing(program: 'prometheus' | 'promtool'): string | false {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0 ? false : `${program} is not installed`
}
