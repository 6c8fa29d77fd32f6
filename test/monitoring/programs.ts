import { spawnSync } from 'node:child_process'

/** Whether a program of Debian's package prometheus can be run; if not, why the test is skipped. */
export function missing(program: 'prometheus' | 'promtool'): string | false {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0 ? false : `${program} is not installed`
}
