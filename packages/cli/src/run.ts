import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { createLog } from '@aws-iam-authenticator/core/log/log'
import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { EMPTY_CONFIGURATION } from '@aws-iam-authenticator/core/configuration/configuration-file'
import { isGroup, type Command } from './command-line/command.ts'
import { root } from './commands/root.ts'
import { COMPLETE, complete, formatCompletion } from './completion/complete.ts'
import { findCommand, optionsOf, type Found } from './command-line/find-command.ts'
import { helpOf, typedPath } from './command-line/help.ts'
import { inBatches } from './terminal/log-batches.ts'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { loadConfigurationFile } from './command-line/configuration-file.ts'
import { CONFIG, HELP, LOG_FORMAT, LOG_VERBOSITY, VERSION_FLAG } from './command-line/global-options.ts'
import type { Option } from './command-line/option.ts'
import { parseFlags, type CommandLine } from './command-line/parse-flags.ts'
import { systemFailure } from '@aws-iam-authenticator/files/system-failure'
import { settingOf } from './command-line/settings.ts'
import { UsageError } from './command-line/usage-error.ts'
import { VERSION } from './release/version.ts'
import type { Writer } from './terminal/writer.ts'

/** The process around one run of the command. */
interface RunOptions {
  readonly environment: Environment
  readonly stdout: Writer
  readonly stderr: Writer
  readonly now: () => Date
}

async function runCommand(
  command: Command,
  known: readonly Option<unknown>[],
  { flags, positionals }: CommandLine,
  { environment, stdout, stderr, now }: RunOptions,
): Promise<number> {
  const withoutFile = { flags, environment }
  const path = settingOf(CONFIG, { ...withoutFile, file: EMPTY_CONFIGURATION })
  const configuration = await loadConfigurationFile(path, withoutFile)
  const setting = <T>(option: Option<T>): T => settingOf(option, { ...withoutFile, file: configuration })
  // Validate every option up front, even those this command does not read.
  for (const option of known) setting(option)
  const batches = command.logsMuch === true ? inBatches(stderr.document) : null
  const write = batches?.write ?? stderr.document
  const log = createLog({ format: setting(LOG_FORMAT), level: setting(LOG_VERBOSITY), write, now })
  try {
    return await command.run({ environment, configuration, positionals, setting, log, stdout, stderr, now })
  } finally {
    batches?.flush()
  }
}

async function printHelp(path: Found['path'], { environment, stdout }: RunOptions): Promise<number> {
  const { stdoutStyle } = await import('./terminal/style.ts')
  stdout.document(helpOf(path, stdoutStyle(environment).width))
  return 0
}

async function runFound({ path, rest, unknown }: Found, options: RunOptions): Promise<number> {
  const command = path.at(-1) ?? path[0]
  const known = optionsOf(path)
  const line = parseFlags(rest, known)
  const { flags } = line
  const asksForVersion = flags.has(VERSION_FLAG.flag ?? '')
  if (flags.has(HELP.flag ?? '') || (isGroup(command) && unknown === undefined && !asksForVersion)) {
    return printHelp(path, options)
  }
  if (asksForVersion) {
    options.stdout.line(VERSION)
    return 0
  }
  if (!isGroup(command)) return runCommand(command, known, line, options)
  const names = command.commands.map(({ name }) => name)
  throw new UsageError(`unknown command "${unknown}" for "${typedPath(path)}"${didYouMean(unknown ?? '', names)}`)
}

/**
 * Runs the command line.
 *
 * @returns The exit code.
 */
export async function run(args: readonly string[], options: RunOptions): Promise<number> {
  const { stdout, stderr } = options
  const found = findCommand(root, args)
  try {
    if (args[0] === COMPLETE) {
      stdout.document(formatCompletion(complete(root, args.slice(1))))
      return 0
    }
    if (found.unknown === 'help') {
      const before = found.path.slice(1).map(({ name }) => name)
      const words = found.rest.slice(found.rest.indexOf('help') + 1).filter((word) => !word.startsWith('-'))
      return await printHelp(findCommand(root, [...before, ...words]).path, options)
    }
    return await runFound(found, options)
  } catch (error) {
    const last = found.path.at(-1) ?? root
    const word = (isGroup(last) ? undefined : last.errorWord) ?? 'Error'
    if (error instanceof UsageError) {
      // One line, because kubectl runs its plugin several times and prints what it says each time.
      stderr.line(`${word}: ${error.message}; run "${typedPath(found.path)} --help"`)
      return 1
    }
    const failure = error instanceof AuthenticatorError ? error : systemFailure(error)
    if (failure !== undefined) {
      const [first = '', ...details] = failure.lines
      stderr.lines([`Error: ${first}`, ...details])
      return 1
    }
    throw error
  }
}
