/** A text, a number, a boolean or nothing. */
export interface ScalarNode {
  readonly kind: 'scalar'
  readonly value: unknown
  /** As it is written, quotes removed; null where only the value is known. */
  readonly source: string | null
  /** Where it begins; null where it stands nowhere. */
  readonly offset: number | null
}

export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly TreeNode[]
  readonly offset: number | null
}

export interface PairNode {
  /** The key as it is written, quotes removed; empty where it is no scalar. */
  readonly key: string
  /** Whether it is a `<<` that no quotes make a text. */
  readonly isMerge: boolean
  /** Where the key begins. */
  readonly offset: number | null
  readonly value: TreeNode | null
}

export interface MapNode {
  readonly kind: 'map'
  readonly pairs: readonly PairNode[]
  readonly offset: number | null
}

/** A YAML alias. */
export interface AliasNode {
  readonly kind: 'alias'
  readonly name: string
  /** What it stands for; null where it names nothing. */
  readonly target: () => TreeNode | null
  readonly offset: number | null
}

/** A value of a document, and where it stands in the text (counted from 0). */
export type TreeNode = ScalarNode | ListNode | MapNode | AliasNode

/** Why a text is no tree. */
export interface ParseError {
  readonly offset: number
  readonly message: string
  /** Whether the message says by itself what is the matter with the document. Default false. */
  readonly isWhole?: boolean
}

/** A text as a tree, or the place where it is none. */
export type Parsed =
  | {
      readonly contents: TreeNode | null
      readonly error: null
    }
  | { readonly contents: null; readonly error: ParseError }
