import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { createLog } from '@aws-iam-authenticator/core/log/log'
import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { EMPTY_CONFIGURATION } from '@aws-iam-authenticator/core/configuration/configuration-file'
import { isGroup, type Command, type CommandContext } from './command-line/command.ts'
import { root } from './commands/root.ts'
import { COMPLETE, complete, formatCompletion } from './completion/complete.ts'
import { findCommand, optionsOf, type Found } from './command-line/find-command.ts'
import { helpOf, typedPath, usageOf } from './command-line/help.ts'
import { inBatches } from './terminal/log-batches.ts'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { loadConfigurationFile } from './command-line/configuration-file.ts'
import { CONFIG, HELP, LOG_FORMAT, LOG_VERBOSITY } from './command-line/global-options.ts'
import type { Option } from './command-line/option.ts'
import { parseFlags, type CommandLine } from './command-line/parse-flags.ts'
import { settingOf } from './command-line/settings.ts'
import { UsageError } from './command-line/usage-error.ts'
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
  const settingIn: CommandContext['settingIn'] = (file) => (option) => settingOf(option, { ...withoutFile, file })
  const setting = settingIn(configuration)
  // Validate every option up front, even those this command does not read.
  for (const option of known) setting(option)
  const batches = command.logsMuch === true ? inBatches(stderr.document) : null
  const write = batches?.write ?? stderr.document
  const log = createLog({ format: setting(LOG_FORMAT), level: setting(LOG_VERBOSITY), write, now })
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

/**
 * Runs the command line.
 *
 * @returns The exit code.
 */
export async function run(args: readonly string[], options: RunOptions): Promise<number> {
  const { stdout, stderr } = options
  if (args[0] === COMPLETE) {
    stdout.document(formatCompletion(complete(root, args.slice(1))))
    return 0
  }
  const found = findCommand(root, args)
  if (found.unknown === 'help') {
    const before = found.path.slice(1).map(({ name }) => name)
    const words = found.rest.slice(found.rest.indexOf('help') + 1).filter((word) => !word.startsWith('-'))
    stdout.document(helpOf(findCommand(root, [...before, ...words]).path))
    return 0
  }
  try {
    return await runFound(found, options)
  } catch (error) {
    const last = found.path.at(-1) ?? root
    const word = (isGroup(last) ? undefined : last.errorWord) ?? 'Error'
    if (error instanceof UsageError) {
      stderr.line(`${word}: ${error.message}`)
      stderr.document(usageOf(found.path))
      return 1
    }
    if (error instanceof AuthenticatorError) {
      const [first = '', ...details] = error.lines
      stderr.lines([`Error: ${first}`, ...details])
      return 1
    }
    throw error
  }
}
