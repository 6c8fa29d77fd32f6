import type { ConfigurationFile } from '@aws-iam-authenticator/core/configuration/configuration-file'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { Option } from './option.ts'
import type { GetSetting } from './settings.ts'
import type { Writer } from '../terminal/writer.ts'

/** The input and output of a subcommand. */
export interface CommandContext {
  readonly environment: Environment
  readonly configuration: ConfigurationFile
  readonly positionals: readonly string[]
  /** Returns the value of an option, either the command's own or a global one. */
  readonly setting: GetSetting
  /** Returns {@link setting} with the values of another configuration file. */
  readonly settingIn: (file: ConfigurationFile) => GetSetting
  readonly log: Log
  /** For the result; everything else goes to stderr. */
  readonly stdout: Writer
  readonly stderr: Writer
  readonly now: () => Date
}

/** A subcommand. Its `run` imports its modules itself, so that other subcommands start without them. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** The positional arguments as the usage line shows them. */
  readonly positionals?: string
  /** Whether shells complete the positional arguments with files. */
  readonly takesFiles?: boolean
  /** The text of `--help`. */
  readonly description: string
  /** Command lines, as typed. */
  readonly examples: readonly string[]
  readonly options: readonly Option<unknown>[]
  /** The word before a usage error. Default: `Error`. */
  readonly errorWord?: string
  /** Whether to write log lines in batches, for a command that logs under load. Default: false. */
  readonly logsMuch?: boolean
  /** Whether `run` reports the problems of the configuration file, all at once. Default: false, and they end the command before. */
  readonly reportsConfiguration?: boolean
  /** Resolves with the exit code. */
  readonly run: (context: CommandContext) => Promise<number>
}

/** A group of subcommands. Without the name of one, the group prints its help. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly description: string
  /** Options of every command in the group. They may precede the command's name. */
  readonly options: readonly Option<unknown>[]
  readonly commands: readonly (Command | CommandGroup)[]
}

export type CommandNode = Command | CommandGroup

export function isGroup(node: CommandNode): node is CommandGroup {
  return 'commands' in node
}
