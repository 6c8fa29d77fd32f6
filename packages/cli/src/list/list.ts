import type { CommandContext } from '../command-line/command.ts'
import { OUTPUT } from '../command-line/list-options.ts'
import { readSources } from '../explain/read-sources.ts'
import { formatJson, stdoutStyle } from '../terminal/style.ts'
import { listMappings } from './listed.ts'
import { renderList } from './render-list.ts'

/**
 * Prints the mappings of all backends that can be read.
 *
 * @returns The exit code: 1 if no backend can be read.
 */
export async function list(context: CommandContext): Promise<number> {
  const { setting, environment, stdout, stderr } = context
  const { sources, notes } = await readSources(context)
  stderr.lines(notes.map((note) => `warning: ${note}`))
  for (const { mode, fault, from, errors } of sources) {
    if (fault !== null) stderr.line(`warning: ${mode} is not listed: ${fault}`)
    else if (errors > 0) {
      const count = errors === 1 ? 'an error' : `${errors} errors`
      stderr.line(`warning: ${from} has ${count}, and rejected entries are not listed: run aws-iam-authenticator lint`)
    }
  }
  const mappings = listMappings(sources)
  const output = setting(OUTPUT)
  if (output === 'json') stdout.document(formatJson({ mappings }))
  else if (output === 'yaml') {
    const { printableYaml } = await import('@aws-iam-authenticator/core/edit/printable-yaml')
    stdout.document(printableYaml({ mappings }, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }))
  } else if (mappings.length === 0) stderr.line('no mappings')
  else stdout.lines(renderList(mappings, output === 'wide', stdoutStyle(environment)))
  return sources.every(({ fault }) => fault !== null) ? 1 : 0
}
