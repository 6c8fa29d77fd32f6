import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { createLog, type LogLevel } from '@aws-iam-authenticator/core/log/log'
import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { EMPTY_CONFIGURATION } from '@aws-iam-authenticator/core/configuration/configuration-file'
import { isGroup, type Command, type CommandContext } from './command-line/command.ts'
import { root } from './commands/root.ts'
import { COMPLETE, COMPLETE_WITHOUT_DESCRIPTIONS, complete, formatCompletion } from './completion/complete.ts'
import { findCommand, optionsOf, type Found } from './command-line/find-command.ts'
import { helpOf, typedPath, usageOf } from './command-line/help.ts'
import { inBatches } from './terminal/log-batches.ts'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { loadConfigurationFile } from './command-line/configuration-file.ts'
import { CONFIG, HELP, LOG_FORMAT, LOG_FORMATS, LOG_VERBOSITY } from './command-line/global-options.ts'
import { writtenLogFormat } from './command-line/log-format.ts'
import type { Option } from './command-line/option.ts'
import { parseFlags, type CommandLine } from './command-line/parse-flags.ts'
import { reportFailure } from './command-line/report-failure.ts'
import {
  configurationError,
  problemsOfOptions,
  settingOf,
  settingOrDefault,
  type GetSetting,
} from './command-line/settings.ts'
import { UsageError } from './command-line/usage-error.ts'
import { captureLibraryOutput, type Writer } from './terminal/writer.ts'

/** The process around one run of the command. */
interface RunOptions {
  readonly environment: Environment
  readonly stdout: Writer
  readonly stderr: Writer
  readonly now: () => Date
}

/** Returns the log level. An unknown one means info, and is a fault to warn about. */
function logLevelOf(setting: GetSetting): { readonly level: LogLevel; readonly fault?: string } {
  try {
    return { level: setting(LOG_VERBOSITY) }
  } catch (error) {
    return { level: LOG_VERBOSITY.fallback, fault: messageOf(error) }
  }
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
  const settingIn: CommandContext['settingIn'] = (file) => (option) => settingOf(option, { ...withoutFile, file })
  const setting = settingIn(configuration)
  // Validate every option up front, even those this command does not read. An unknown log level is only warned about.
  const problems = problemsOfOptions(
    known.filter((option) => option !== LOG_VERBOSITY),
    setting,
  )
  if (problems.length > 0 && command.reportsConfiguration !== true) throw configurationError(problems)
  const batches = command.logsMuch === true ? inBatches(stderr.document) : null
  const write = batches?.write ?? stderr.document
  const format = settingOrDefault(LOG_FORMAT, setting)
  const { level, fault } = logLevelOf(setting)
  const log = createLog({ format: format === 'json' ? 'json' : 'text', level, write, now })
  if (!LOG_FORMATS.includes(format)) log.warn(`unknown log format "${format}": write one of ${LOG_FORMATS.join(', ')}`)
  if (fault !== undefined) log.warn(`${fault}; using info`)
  if (format === 'json') captureLibraryOutput(log.warn)
  try {
    return await command.run({ environment, configuration, positionals, setting, settingIn, log, stdout, stderr, now })
  } finally {
    batches?.flush()
  }
}

async function runFound({ path, rest, unknown }: Found, options: RunOptions): Promise<number> {
  const command = path.at(-1) ?? path[0]
  const known = optionsOf(path)
  const line = parseFlags(rest, known)
  if (line.flags.has(HELP.flag ?? '') || (isGroup(command) && unknown === undefined)) {
    options.stdout.document(helpOf(path))
    return 0
  }
  if (!isGroup(command)) return runCommand(command, known, line, options)
  const names = command.commands.map(({ name }) => name)
  throw new UsageError(`unknown command "${unknown}" for "${typedPath(path)}"${didYouMean(unknown ?? '', names)}`)
}

/** Runs `help`, whose arguments are the names of a command. */
function printHelp({ path, rest }: Found, { stdout, stderr }: RunOptions): number {
  const words = rest.slice(rest.indexOf('help') + 1).filter((word) => !word.startsWith('-'))
  const topic = findCommand(root, [...path.slice(1).map(({ name }) => name), ...words])
  if (topic.unknown === undefined || topic.path.length > 1) {
    stdout.document(helpOf(topic.path))
    return 0
  }
  stderr.line(`Unknown help topic [${words.map((word) => `\`${word}\``).join(' ')}]`)
  stderr.document(usageOf([root]))
  return 1
}

/**
 * Runs the command line.
 *
 * @returns The exit code.
 */
export async function run(args: readonly string[], options: RunOptions): Promise<number> {
  const { stdout, stderr, now } = options
  if (args[0] === COMPLETE || args[0] === COMPLETE_WITHOUT_DESCRIPTIONS) {
    const { request, ...known } = complete(root, args.slice(1))
    const { findValues } = await import('./completion/find-values.ts')
    const completion = request === undefined ? known : await findValues(request, options.environment)
    stdout.document(formatCompletion(completion, args[0] === COMPLETE))
    return 0
  }
  const found = findCommand(root, args)
  if (found.unknown === 'help') return printHelp(found, options)
  const format = writtenLogFormat(found.rest, optionsOf(found.path))
  try {
    return await runFound(found, options)
  } catch (error) {
    reportFailure(error, { path: found.path, format, stderr, now })
    return 1
  }
}
