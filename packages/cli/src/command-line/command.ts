import type { ConfigurationFile } from '@aws-iam-authenticator/core/configuration/configuration-file'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { Option } from './option.ts'
import type { Writer } from '../terminal/writer.ts'

/** What a subcommand runs with. */
export interface CommandContext {
  readonly environment: Environment
  readonly configuration: ConfigurationFile
  readonly positionals: readonly string[]
  /** The value of one of the command's options or of the options of every subcommand. */
  readonly setting: <T>(option: Option<T>) => T
  readonly log: Log
  /** Writes the answer. */
  readonly stdout: Writer
  readonly stderr: Writer
  readonly now: () => Date
}

/** A subcommand. Its `run` imports what it needs, so that no other subcommand pays for it. */
export interface Command {
  readonly name: string
  readonly summary: string
  /** What follows the name in the usage line. */
  readonly positionals?: string
  /** Whether those are files, for shells. */
  readonly takesFiles?: boolean
  /** Longer help, and examples as they would be typed. */
  readonly description: string
  readonly examples: readonly string[]
  readonly options: readonly Option<unknown>[]
  /** The words before a usage error; `Error` unless said otherwise. */
  readonly errorWord?: string
  /** Whether its log can be so long that lines are better written together. Default false. */
  readonly logsMuch?: boolean
  /** Gives the exit code. */
  readonly run: (context: CommandContext) => Promise<number>
}

/** Subcommands under a name of their own. Without one of them it prints its help. */
export interface CommandGroup {
  readonly name: string
  readonly summary: string
  readonly description: string
  /** Options of all its commands, which may stand before the command's name. */
  readonly options: readonly Option<unknown>[]
  readonly commands: readonly (Command | CommandGroup)[]
}

export type CommandNode = Command | CommandGroup

export function isGroup(node: CommandNode): node is CommandGroup {
  return 'commands' in node
}
