import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { COMMAND, minimalEnvironment, temporaryFolder, type Environment } from './command.ts'

const run = promisify(execFile)
const PATIENCE_MS = 10_000
const POLL_MS = 50

/** The reason why there is no terminal for tests; false if there is one. */
export const noTerminal: string | false = spawnSync('tmux', ['-V']).status === 0 ? false : 'tmux is not installed'

/** A real terminal with simulated input. */
export interface Terminal {
  /** Types keys as `tmux send-keys` names them. */
  type(...keys: readonly string[]): Promise<void>
  /** Waits for a text on the screen and returns the whole screen. */
  waitFor(text: string | RegExp): Promise<string>
  /** The whole screen with the escape sequences of colours. */
  coloured(): Promise<string>
  /** Everything that was shown, as far as one can scroll back. Blanks at the ends of lines are left out. */
  shown(): Promise<Shown>
}

/** What a terminal has shown. */
interface Shown {
  /** As on the screen. */
  readonly text: string
  /** The lines as they were written: the terminal broke those that were too long. */
  readonly written: string
}

interface TerminalOptions {
  readonly columns?: number
  readonly rows?: number
  readonly cwd?: string
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ; await setTimeout(POLL_MS)) {
    const found = await ask()
    if (found !== undefined) return found
    if (Date.now() > end) throw new Error(`waited for ${what} in vain`)
  }
}

/** Starts a shell command line in a terminal of its own. */
export async function openTerminal(
  t: { teardown(action: () => unknown): void },
  commandLine: readonly string[],
  environment: Environment,
  { columns = 250, rows = 200, cwd }: TerminalOptions = {},
): Promise<Terminal> {
  const folder = temporaryFolder(t)
  const socket = join(folder, 'tmux')
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await run('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env: { ...environment, TERM: 'xterm' } })).stdout
  t.teardown(() => tmux('kill-server').catch(() => undefined))
  const place = cwd === undefined ? [] : ['-c', cwd]
  await tmux('new-session', '-d', ...place, '-x', String(columns), '-y', String(rows), commandLine.map(quote).join(' '))
  const screen = (): Promise<string> => tmux('capture-pane', '-p', '-J')
  return {
    coloured: () => tmux('capture-pane', '-p', '-J', '-e'),
    shown: async () => {
      const all = ['capture-pane', '-p', '-S', '-']
      const [text, written] = await Promise.all([tmux(...all), tmux(...all, '-J')])
      return { text: text.replaceAll(/ +$/gm, ''), written: written.replaceAll(/ +$/gm, '') }
    },
    type: async (...keys) => void (await tmux('send-keys', ...keys)),
    waitFor: (text) =>
      until(String(text), async () => {
        const shown = await screen()
        return (typeof text === 'string' ? shown.includes(text) : text.test(shown)) ? shown : undefined
      }),
  }
}

/** Runs the built command in a terminal, which then shows `exit N` and stays open. */
export function openCommand(
  t: { teardown(action: () => unknown): void },
  args: readonly string[],
  home: string,
  environment: Environment = {},
  options: TerminalOptions = {},
): Promise<Terminal> {
  // The shell outlives a Ctrl-C that ends the command.
  const line = `trap : INT; ${[...COMMAND, ...args].map(quote).join(' ')}; echo "exit $?"; exec sleep 60`
  return openTerminal(t, ['sh', '-c', line], { ...minimalEnvironment(home), ...environment }, options)
}
