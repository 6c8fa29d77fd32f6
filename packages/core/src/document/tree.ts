/** A string, a number, a boolean or null. */
export interface ScalarNode {
  readonly kind: 'scalar'
  readonly value: unknown
  /** The text without its quotes; null if only the value is known. */
  readonly source: string | null
  /** The type that other parsers give a string without quotes, such as a boolean for `yes`. */
  readonly otherType: 'boolean' | 'number' | null
  readonly fault: string | null
  /** Its offset; null if it has none. */
  readonly offset: number | null
}

export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly TreeNode[]
  readonly offset: number | null
}

export interface PairNode {
  /** The key as written, without quotes; empty if it is not a scalar. */
  readonly key: string
  /** The offset of the key. */
  readonly offset: number | null
  readonly value: TreeNode | null
}

/** A map, with its merge keys (`<<`) resolved. Keys may be duplicate. */
export interface MapNode {
  readonly kind: 'map'
  readonly pairs: readonly PairNode[]
  readonly fault: string | null
  readonly offset: number | null
}

/** A YAML alias. */
interface AliasNode {
  readonly kind: 'alias'
  readonly name: string
  /** The value of its anchor; null if no anchor before it has the name. */
  readonly target: TreeNode | null
  readonly offset: number | null
}

/** A value of a document and its offset in the text (counted from 0). A `fault` is the reason why it can't be converted to JSON, as other programs do. */
export type TreeNode = ScalarNode | ListNode | MapNode | AliasNode

/** Returns whether a value can't be represented in JSON. */
export function hasFault(node: TreeNode | null): boolean {
  if (node === null) return false
  if (node.kind === 'alias') return hasFault(node.target)
  if (node.kind === 'list') return node.items.some(hasFault)
  return node.fault !== null || (node.kind === 'map' && node.pairs.some(({ value }) => hasFault(value)))
}

/** The reason why a text could not be parsed. */
interface ParseError {
  readonly offset: number
  readonly message: string
  /** True if the message is complete without "is not valid YAML". Default false. */
  readonly isWhole?: boolean
}

/** A text as a tree, or the first error in it. */
export type Parsed =
  | {
      readonly contents: TreeNode | null
      readonly error: null
      /** The offset of the marker that ends the first document, if text with no effect follows. Default: nothing follows. */
      readonly ignoredFrom?: number | undefined
    }
  | { readonly contents: null; readonly error: ParseError }

/** The first error of a text, thrown while its tree is built. */
export class ParseFailure extends Error implements ParseError {
  readonly offset: number
  readonly isWhole: boolean

  constructor(offset: number, message: string, isWhole = false) {
    super(message)
    this.offset = offset
    this.isWhole = isWhole
  }
}

/** Runs a parser and returns its tree or its first error. */
export function parsed(parse: () => Parsed): Parsed {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error
    const { offset, message, isWhole } = error
    return { contents: null, error: { offset, message, isWhole } }
  }
}
