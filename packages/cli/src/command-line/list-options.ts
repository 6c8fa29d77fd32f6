import { choice, type Option } from './option.ts'

export const OUTPUT: Option<'table' | 'wide' | 'json' | 'yaml'> = choice<'table' | 'wide' | 'json' | 'yaml'>(
  {
    flag: 'output',
    short: 'o',
    choices: ['table', 'wide', 'json', 'yaml'],
    description: 'Output format; wide adds conditions and places',
  },
  'table',
)
