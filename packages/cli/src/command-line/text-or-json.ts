import { choice, type Option } from './option.ts'

/** The option `--output` of a command that prints text or JSON. An empty value means text. */
export function textOrJson(more: Pick<Option<unknown>, 'keys'> = {}): Option<'text' | 'json'> {
  return choice<'text' | 'json'>(
    {
      flag: 'output',
      short: 'o',
      ...more,
      choices: ['text', 'json'],
      aliases: new Map([['', 'text']]),
      description: 'Output format',
    },
    'text',
  )
}
