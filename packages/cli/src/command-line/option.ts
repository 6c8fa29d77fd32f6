import { parseBoolean } from '@aws-iam-authenticator/core/configuration/parse-boolean'

/** A setting: its name in each source that can set it, and how to parse its value. */
export interface Option<T> {
  /** The long flag without dashes; null if no flag sets it. */
  readonly flag: string | null
  readonly short?: string
  readonly environment?: string
  /** Keys of the configuration file. The first one that is set wins. */
  readonly keys?: readonly string[]
  /** The placeholder for the value in help texts; null for a boolean flag, which needs no value. */
  readonly placeholder: string | null
  readonly description: string
  /** The default as help texts show it; null to show none. */
  readonly shownDefault: string | null
  readonly fallback: T
  /**
   * Parses the value from one source. A repeated flag gives several texts.
   *
   * @throws {TypeError} The value is not valid; the message says what to write.
   */
  readonly parse: (texts: readonly string[]) => T
  /** Words that may be in the configuration file, in lower case, and the texts that they stand for. */
  readonly fileWords?: ReadonlyMap<string, string>
  /** The values that shell completion offers. */
  readonly choices?: readonly string[]
  /** Whether the value is a comma-separated list of choices. */
  readonly isList?: boolean
  /** Whether shells complete the value with files. */
  readonly file?: boolean
  /** The values that shell completion reads from files or a cluster. */
  readonly complete?: CompletedValue
}

/** Values that shell completion reads: AWS profiles, regions, contexts of the kubeconfig, roles in aws-auth. */
export type CompletedValue = 'profiles' | 'regions' | 'contexts' | 'roles'

type Named = Pick<Option<unknown>, 'flag' | 'description'> &
  Partial<Pick<Option<unknown>, 'short' | 'environment' | 'keys' | 'file' | 'complete'>>

function last(texts: readonly string[]): string {
  return texts.at(-1) ?? ''
}

/** An optional text. Null if it is not given or empty. */
export function text(named: Named & { readonly placeholder?: string }): Option<string | null> {
  return {
    placeholder: 'string',
    ...named,
    shownDefault: null,
    fallback: null,
    parse: (texts) => (last(texts) === '' ? null : last(texts)),
  }
}

/** A text with a default. An empty one counts as not given. */
export function textOr(fallback: string, named: Named & { readonly placeholder?: string }): Option<string> {
  return {
    placeholder: 'string',
    ...named,
    shownDefault: fallback,
    fallback,
    parse: (texts) => (last(texts) === '' ? fallback : last(texts)),
  }
}

/** Booleans of YAML 1.1. */
const YAML_BOOLEANS: ReadonlyMap<string, string> = new Map([
  ['yes', 'true'],
  ['y', 'true'],
  ['on', 'true'],
  ['no', 'false'],
  ['n', 'false'],
  ['off', 'false'],
])

export function flag(named: Named, fallback = false): Option<boolean> {
  return {
    placeholder: null,
    ...named,
    shownDefault: fallback ? 'true' : null,
    fallback,
    choices: ['true', 'false'],
    fileWords: YAML_BOOLEANS,
    parse: (texts) => {
      const value = parseBoolean(last(texts))
      if (value === undefined) throw new TypeError(`"${last(texts)}" is neither true nor false`)
      return value
    },
  }
}

export function integer(
  named: Named & { readonly minimum: number; readonly maximum: number },
  fallback: number,
): Option<number> {
  const { minimum, maximum, ...rest } = named
  return {
    placeholder: 'int',
    ...rest,
    shownDefault: String(fallback),
    fallback,
    parse: (texts) => {
      const value = /^[+-]?\d{1,15}$/.test(last(texts)) ? Number(last(texts)) : Number.NaN
      if (!(value >= minimum && value <= maximum)) {
        throw new TypeError(`"${last(texts)}" is not a whole number from ${minimum} to ${maximum}`)
      }
      return value
    },
  }
}

export function choice<T extends string>(
  named: Named & {
    readonly choices: readonly T[]
    readonly aliases?: ReadonlyMap<string, T>
    /** Whether a value may be written in any case. The choices must be in lower case then. */
    readonly ignoresCase?: boolean
  },
  fallback: T,
): Option<T> {
  const { choices, aliases, ignoresCase = false, ...rest } = named
  return {
    placeholder: 'string',
    ...rest,
    choices,
    shownDefault: fallback === '' ? null : fallback,
    fallback,
    parse: (texts) => {
      const written = last(texts)
      const name = ignoresCase ? written.toLowerCase() : written
      const value = aliases?.get(name) ?? choices.find((candidate) => candidate === name)
      if (value === undefined)
        throw new TypeError(`"${written}" is none of ${choices.filter((item) => item !== '').join(', ')}`)
      return value
    },
  }
}

/** The separator of lists whose items have no blanks. One text of a configuration file may hold such a list. */
export const COMMAS_OR_BLANKS: RegExp = /[\s,]+/

/** A list: comma-separated, given as a repeated flag, or both. */
export function list<T>(
  named: Named & {
    readonly read: (items: readonly string[]) => T
    /** Default: a comma. */
    readonly separator?: RegExp
    readonly shownDefault?: string
    readonly choices?: readonly string[]
  },
  fallback: T,
): Option<T> {
  const { read, separator = /,/, shownDefault = null, ...rest } = named
  return {
    placeholder: 'strings',
    ...rest,
    isList: true,
    shownDefault,
    fallback,
    parse: (texts) => read(texts.flatMap((item) => item.split(separator)).filter((item) => item !== '')),
  }
}
