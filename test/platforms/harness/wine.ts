import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { temporaryFolder, type Environment } from '../../e2e/harness/command.ts'
import { buildExecutable, createPerson, isInstalled, type Machine } from './machine.ts'

const COMPILER = 'x86_64-w64-mingw32-gcc'
const SOURCE = join(dirname(dirname(fileURLToPath(import.meta.url))), 'bcryptprimitives.c')

/** The reason why no Windows executable runs here; false if it does. */
export const cannotRunWindows: string | false =
  isInstalled('wine') && isInstalled(COMPILER)
    ? false
    : 'needs Wine: apt-get install wine wine64 gcc-mingw-w64-x86-64-win32'

/** The variables for Wine itself. It hides HOME from Windows programs, and names the user's profile folder after USER. */
function wineEnvironment(prefix: string, user: string): Environment {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: prefix,
    USER: user,
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    // No .NET, no browser and no menus: their installers would ask.
    WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

/** Runs a program of Wine and returns its output. */
function wine(environment: Environment, ...args: readonly string[]): string {
  return execFileSync('wine', args, { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

/** Builds the executable for Windows and a Windows to run it on. */
export function startWindows(t: Pick<Test, 'teardown'>): Machine {
  const folder = temporaryFolder(t)
  const prefix = join(folder, 'wine')
  mkdirSync(prefix)
  const executable = buildExecutable('windows_amd64', join(folder, 'release'))
  const library = join(dirname(executable), 'bcryptprimitives.dll')
  execFileSync(COMPILER, ['-shared', '-O1', '-o', library, SOURCE, '-ladvapi32'])
  const environment = wineEnvironment(prefix, 'owner')
  t.teardown(() => void wine(environment, 'wineboot', '--kill', '--force'))
  wine(environment, 'wineboot', '--init')
  const command = ['wine', executable] as const
  return {
    command,
    printer: { name: 'print.cmd', text: '@type "%~dp0%1.json"\r\n' },
    person: (files) => {
      const user = `user${randomUUID().slice(0, 8)}`
      const home = join(prefix, 'drive_c', 'users', user)
      mkdirSync(home)
      const path = (name: string): string => `C:\\users\\${user}\\${name.replaceAll('/', '\\')}`
      return createPerson({
        home,
        path,
        command,
        environment: wineEnvironment(prefix, user),
        files: files?.(path) ?? {},
      })
    },
  }
}
