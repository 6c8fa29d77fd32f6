import type { Command } from '../command-line/command.ts'
import { choice, flag } from '../command-line/option.ts'
import { COMMIT, VERSION } from '../release/version.ts'

const SHORT = flag({ flag: 'short', short: 's', description: 'Show just the version' })
const OUTPUT = choice<'text' | 'json' | 'yaml'>(
  { flag: 'output', short: 'o', choices: ['text', 'json', 'yaml'], description: 'Output format' },
  'json',
)

export const version: Command = {
  name: 'version',
  summary: 'Print the version and the commit',
  description: 'Prints the release and the commit it was built from.',
  examples: ['aws-iam-authenticator version --short'],
  options: [SHORT, OUTPUT],
  run: ({ setting, stdout }) => {
    const output = setting(OUTPUT)
    // Programs such as eksctl read JSON and YAML. The date has always been empty.
    if (setting(SHORT)) stdout.line(VERSION)
    else if (output === 'text') stdout.line(`aws-iam-authenticator ${VERSION}, commit ${COMMIT}`)
    else if (output === 'yaml') stdout.lines([`version: ${VERSION}`, `commit: ${COMMIT}`, 'date: ""'])
    else stdout.line(JSON.stringify({ Version: VERSION, Commit: COMMIT }))
    return Promise.resolve(0)
  },
}
