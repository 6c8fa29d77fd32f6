import type { Command } from './command.ts'
import { GLOBAL_OPTIONS } from './options/global-options.ts'
import type { Option } from './options/option.ts'

export const PROGRAM = 'aws-iam-authenticator'

function optionLine(option: Option<unknown>): [string, string] {
  const { short, flag, placeholder, description, shownDefault, environment } = option
  const left = `  ${short === undefined ? '    ' : `-${short}, `}--${flag ?? ''}${placeholder === null ? '' : ` ${placeholder}`}`
  const from = environment === undefined ? '' : ` [$${environment}]`
  return [left, `${description}${from}${shownDefault === null ? '' : ` (default ${shownDefault})`}`]
}

/** The lines of two columns, the second one aligned. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 3
  return rows.map(([left, right]) => `${left.padEnd(width)}${right}\n`).join('')
}

function optionTable(options: readonly Option<unknown>[]): string {
  return columns(options.filter(({ flag }) => flag !== null).map(optionLine))
}

/** The usage of a subcommand, as it follows a usage error. */
export function commandUsage({ name, positionals, options, examples }: Command): string {
  const shown = options.some(({ flag }) => flag !== null)
  return [
    `Usage:\n  ${PROGRAM} ${name}${positionals === undefined ? '' : ` ${positionals}`} [flags]\n`,
    examples.length === 0 ? '' : `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`,
    shown ? `\nFlags:\n${optionTable(options)}` : '',
    `\nGlobal Flags:\n${optionTable(GLOBAL_OPTIONS)}`,
  ].join('')
}

export function commandHelp(command: Command): string {
  return `${command.description}\n\n${commandUsage(command)}`
}

export function programUsage(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }): [string, string] => [`  ${name}`, summary])
  return [
    `Usage:\n  ${PROGRAM} [command]\n`,
    `\nAvailable Commands:\n${columns(rows)}`,
    `\nFlags:\n${optionTable(GLOBAL_OPTIONS)}`,
    `\nUse "${PROGRAM} [command] --help" for more information about a command.\n`,
  ].join('')
}

export function programHelp(commands: readonly Command[]): string {
  return `A tool to authenticate to Kubernetes using AWS IAM credentials\n\n${programUsage(commands)}`
}
