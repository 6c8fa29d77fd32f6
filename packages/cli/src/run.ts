import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import { createLog, type LogLevel } from '@aws-iam-authenticator/core/log/log'
import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { EMPTY_CONFIGURATION } from '@aws-iam-authenticator/core/configuration/configuration-file'
import { isGroup, type Command, type CommandContext } from './command-line/command.ts'
import { root } from './commands/root.ts'
import { COMPLETE, COMPLETE_WITHOUT_DESCRIPTIONS, complete, formatCompletion } from './completion/complete.ts'
import { findCommand, optionsOf, type Found } from './command-line/find-command.ts'
import { helpOf, typedPath } from './command-line/help.ts'
import { inBatches } from './terminal/log-batches.ts'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { loadConfigurationFile } from './command-line/configuration-file.ts'
import { CONFIG, HELP, LOG_FORMAT, LOG_FORMATS, LOG_VERBOSITY, VERSION_FLAG } from './command-line/global-options.ts'
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
import { VERSION } from './release/version.ts'
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

/** Runs `help`, whose arguments are the names of a command. */
async function runHelp({ path, rest }: Found, options: RunOptions): Promise<number> {
  const words = rest.slice(rest.indexOf('help') + 1).filter((word) => !word.startsWith('-'))
  const topic = findCommand(root, [...path.slice(1).map(({ name }) => name), ...words])
  if (topic.unknown === undefined || topic.path.length > 1) return printHelp(topic.path, options)
  const topics = words.map((word) => `\`${word}\``).join(' ')
  options.stderr.line(`Unknown help topic [${topics}]; run "${root.name} --help"`)
  return 1
}

async function runCompletion(args: readonly string[], { stdout, environment }: RunOptions): Promise<number> {
  const { request, ...known } = complete(root, args.slice(1))
  const { findValues } = await import('./completion/find-values.ts')
  const completion = request === undefined ? known : await findValues(request, environment)
  stdout.document(formatCompletion(completion, args[0] === COMPLETE))
  return 0
}

/**
 * Runs the command line.
 *
 * @returns The exit code.
 */
export async function run(args: readonly string[], options: RunOptions): Promise<number> {
  const { stderr, now } = options
  const found = findCommand(root, args)
  const format = writtenLogFormat(found.rest, optionsOf(found.path))
  try {
    if (args[0] === COMPLETE || args[0] === COMPLETE_WITHOUT_DESCRIPTIONS) return await runCompletion(args, options)
    if (found.unknown === 'help') return await runHelp(found, options)
    return await runFound(found, options)
  } catch (error) {
    reportFailure(error, { path: found.path, format, stderr, now })
    return 1
  }
}
