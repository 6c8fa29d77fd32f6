/** A setting: how it is named in each place where it can come from, and how its text is read. */
export interface Option<T> {
  /** The long flag, without dashes; null where no flag exists. */
  readonly flag: string | null
  readonly short?: string
  readonly environment?: string
  /** Keys of the configuration file, the first one that is there wins. */
  readonly keys?: readonly string[]
  /** What stands for the value in help texts; null for a flag that is true by being there. */
  readonly placeholder: string | null
  readonly description: string
  /** The default as help texts show it; null where there is none to show. */
  readonly shownDefault: string | null
  readonly fallback: T
  /**
   * Reads the texts of one source. A flag that is given more than once has several.
   *
   * @throws {TypeError} The text is no such value; the message says what to write.
   */
  readonly parse: (texts: readonly string[]) => T
  /** The values that shells offer. */
  readonly choices?: readonly string[]
  /** Whether the value is a list of them with commas. */
  readonly isList?: boolean
  /** Whether the value is a file, for shells. */
  readonly file?: boolean
}

type Named = Pick<Option<unknown>, 'flag' | 'description'> &
  Partial<Pick<Option<unknown>, 'short' | 'environment' | 'keys' | 'file'>>

function last(texts: readonly string[]): string {
  return texts.at(-1) ?? ''
}

/** A text; null where it is not given. An empty one counts as not given. */
export function text(named: Named & { readonly placeholder?: string }): Option<string | null> {
  return {
    placeholder: 'string',
    ...named,
    shownDefault: null,
    fallback: null,
    parse: (texts) => (last(texts) === '' ? null : last(texts)),
  }
}

/** A text that has a default. */
export function textOr(fallback: string, named: Named & { readonly placeholder?: string }): Option<string> {
  return {
    placeholder: 'string',
    ...named,
    shownDefault: fallback,
    fallback,
    parse: (texts) => (last(texts) === '' ? fallback : last(texts)),
  }
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['t', true],
  ['false', false],
  ['0', false],
  ['f', false],
])

export function flag(named: Named, fallback = false): Option<boolean> {
  return {
    placeholder: null,
    ...named,
    shownDefault: fallback ? 'true' : null,
    fallback,
    choices: ['true', 'false'],
    parse: (texts) => {
      const value = BOOLEANS.get(last(texts).toLowerCase())
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
        throw new TypeError(`"${last(texts)}" is no whole number from ${minimum} to ${maximum}`)
      }
      return value
    },
  }
}

export function choice<T extends string>(
  named: Named & { readonly choices: readonly T[]; readonly aliases?: ReadonlyMap<string, T> },
  fallback: T,
): Option<T> {
  const { choices, aliases, ...rest } = named
  return {
    placeholder: 'string',
    ...rest,
    choices,
    shownDefault: fallback === '' ? null : fallback,
    fallback,
    parse: (texts) => {
      const written = last(texts)
      const value = aliases?.get(written) ?? choices.find((candidate) => candidate === written)
      if (value === undefined)
        throw new TypeError(`"${written}" is none of ${choices.filter((item) => item !== '').join(', ')}`)
      return value
    },
  }
}

/** A list: commas within one text, or several texts. */
export function list<T>(
  named: Named & {
    readonly read: (items: readonly string[]) => T
    readonly shownDefault?: string
    readonly choices?: readonly string[]
  },
  fallback: T,
): Option<T> {
  const { read, shownDefault = null, ...rest } = named
  return {
    placeholder: 'strings',
    ...rest,
    isList: true,
    shownDefault,
    fallback,
    parse: (texts) => read(texts.flatMap((item) => item.split(',')).filter((item) => item !== '')),
  }
}
