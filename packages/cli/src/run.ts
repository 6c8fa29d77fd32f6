import { AuthenticatorError, createLog, didYouMean, EMPTY_CONFIGURATION } from '@aws-iam-authenticator/core'
import type { Command } from './command.ts'
import { init } from './commands/init.ts'
import { server } from './commands/server.ts'
import { token } from './commands/token.ts'
import { verify } from './commands/verify.ts'
import { version } from './commands/version.ts'
import { commandHelp, commandUsage, programHelp, programUsage, PROGRAM } from './help.ts'
import type { Environment } from './network/environment.ts'
import { loadConfigurationFile } from './options/configuration-file.ts'
import { CONFIG, GLOBAL_OPTIONS, HELP, LOG_FORMAT, LOG_VERBOSITY } from './options/global-options.ts'
import type { Option } from './options/option.ts'
import { parseFlags, type CommandLine } from './options/parse-flags.ts'
import { settingOf } from './options/settings.ts'
import { UsageError } from './options/usage-error.ts'

/** The world around a run of the command. */
export interface RunOptions {
  readonly environment: Environment
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly now: () => Date
}

const COMMANDS: readonly Command[] = [init, server, token, verify, version]

/** Whether an argument has its value in the next one. */
function takesNext(argument: string, options: readonly Option<unknown>[]): boolean {
  const option = argument.startsWith('--')
    ? options.find(({ flag }) => `--${flag ?? ''}` === argument)
    : options.find(({ short }) => `-${short ?? ''}` === argument)
  return option !== undefined && option.placeholder !== null
}

/** The place of the subcommand: the first argument that is no flag and no flag's value. */
function findCommandIndex(args: readonly string[]): number {
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? ''
    if (argument === '--') return -1
    if (argument !== '' && !argument.startsWith('-')) return index
    if (takesNext(argument, GLOBAL_OPTIONS)) index += 1
  }
  return -1
}

async function runCommand(command: Command, line: CommandLine, options: RunOptions): Promise<number> {
  const { flags, positionals } = line
  const { environment, stdout, stderr, now } = options
  const withoutFile = { flags, environment }
  const path = settingOf(CONFIG, { ...withoutFile, file: EMPTY_CONFIGURATION })
  const configuration = loadConfigurationFile(path, withoutFile)
  const setting = <T>(option: Option<T>): T => settingOf(option, { ...withoutFile, file: configuration })
  // A wrong value is found before anything is done, also where it would not have been asked for.
  for (const option of [...command.options, ...GLOBAL_OPTIONS]) setting(option)
  const log = createLog({ format: setting(LOG_FORMAT), level: setting(LOG_VERBOSITY), write: stderr, now })
  return command.run({ environment, configuration, positionals, setting, log, stdout, stderr, now })
}

function help(name: string | undefined, { stdout }: RunOptions): number {
  const command = COMMANDS.find((candidate) => candidate.name === name)
  stdout(command === undefined ? programHelp(COMMANDS) : commandHelp(command))
  return 0
}

/** Runs the command line; gives the exit code. */
export async function run(args: readonly string[], options: RunOptions): Promise<number> {
  const { stderr } = options
  const index = findCommandIndex(args)
  const name = index < 0 ? undefined : args[index]
  if (name === 'help')
    return help(
      args.slice(index + 1).find((argument) => !argument.startsWith('-')),
      options,
    )
  const command = COMMANDS.find((candidate) => candidate.name === name)
  try {
    if (command === undefined) {
      const { flags } = parseFlags(args, GLOBAL_OPTIONS)
      if (name === undefined || flags.has('help')) return help(undefined, options)
      const known = COMMANDS.map((candidate) => candidate.name)
      throw new UsageError(`unknown command "${name}" for "${PROGRAM}"${didYouMean(name, known)}`)
    }
    const line = parseFlags(
      [...args.slice(0, index), ...args.slice(index + 1)],
      [...command.options, ...GLOBAL_OPTIONS],
    )
    if (line.flags.has(HELP.flag ?? '')) return help(command.name, options)
    return await runCommand(command, line, options)
  } catch (error) {
    const word = command?.errorWord ?? 'Error'
    if (error instanceof UsageError) {
      stderr(`${word}: ${error.message}\n${command === undefined ? programUsage(COMMANDS) : commandUsage(command)}`)
      return 1
    }
    if (error instanceof AuthenticatorError) {
      stderr(`Error: ${error.message}\n`)
      return 1
    }
    throw error
  }
}
