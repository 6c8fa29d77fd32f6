import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml'
import { DOCUMENT_LIMITS } from './limits.ts'
import { mergePairs, type WrittenPair } from './merge.ts'
import {
  checkCharacters,
  createDocumentEnd,
  createTokenCheck,
  hasContent,
  invisibleIndentation,
  otherTypeOf,
} from './portable-yaml.ts'
import { readYamlDocument } from './read-yaml.ts'
import { parsed, ParseFailure, type MapNode, type Parsed, type ScalarNode, type TreeNode } from './tree.ts'

/** Text, numbers, booleans, null, lists and maps. Duplicate keys are reported by the reader of the tree. */
export const YAML_OPTIONS = { prettyErrors: false, schema: 'core', resolveKnownTags: false, uniqueKeys: false } as const

/** The longest key that YAML allows (1.2, section 7.4.2), in characters. */
const MAX_KEY_LENGTH = 1024

/** Integers in Go are below this value. The reference rejects larger ones as keys. */
const MAX_INTEGER_KEY = 2 ** 63

const NOTHING: ScalarNode = { kind: 'scalar', value: null, source: null, otherType: null, fault: null, offset: null }

const NOT_TEXT = 'has a key that is not text: put a value that begins with { or [ in quotes'

function isKey(value: unknown): boolean {
  return value !== null && (typeof value !== 'number' || Math.abs(value) < MAX_INTEGER_KEY)
}

/** A value, and the number of values in it with aliases resolved. */
interface Sized {
  readonly node: TreeNode
  readonly size: number
}

interface Anchor {
  /** Null while its node is not complete. */
  value: Sized | null
}

/** The position of a value. */
interface Place {
  readonly depth: number
  /** True if it is within `[ ]` or `{ }`. */
  readonly isInFlow: boolean
}

/**
 * The value of a scalar. The package `yaml` adds a line break to a block scalar at the end of a text without one. yaml.v2 does not, so it is
 * removed.
 */
function valueOf({ value, type, range }: Scalar, text: string): unknown {
  const isBlock = type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED'
  const isCut = isBlock && range?.[1] === text.length && !text.endsWith('\n')
  return isCut && typeof value === 'string' && value.endsWith('\n') ? value.slice(0, -1) : value
}

function scalarOf(scalar: Scalar, text: string, offset: number, isInFlow: boolean): ScalarNode {
  const { source = null, type } = scalar
  const value = valueOf(scalar, text)
  const isPlain = type === 'PLAIN'
  if (isPlain && isInFlow && source !== null && (source.includes('?') || source.startsWith(':'))) {
    throw new ParseFailure(offset, `text with "?" or ":" within brackets: quote ${JSON.stringify(source.slice(0, 40))}`)
  }
  const otherType = isPlain && typeof value === 'string' ? (otherTypeOf(value) ?? null) : null
  const isFinite = typeof value !== 'number' || Number.isFinite(value)
  return { kind: 'scalar', value, source, otherType, fault: isFinite ? null : 'is not a number that JSON has', offset }
}

function notMergeable({ offset }: WrittenPair): never {
  throw new ParseFailure(offset ?? 0, 'a merge key (<<) needs a map, or a list of maps')
}

/** Turns the nodes of `yaml` into a tree with aliases and merge keys resolved, within {@link DOCUMENT_LIMITS}. */
class TreeBuilder {
  readonly #text: string
  /** The latest anchor of each name, by the start of its node. */
  readonly #anchors = new Map<string, Anchor>()
  #size = 0
  #mergedPairs = 0

  constructor(text: string) {
    this.#text = text
  }

  build(node: unknown, place: Place): TreeNode | null {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
    const { depth, values } = DOCUMENT_LIMITS
    if (place.depth > depth)
      throw new ParseFailure(offset, `is nested more than ${depth} deep, which is the limit`, true)
    const before = this.#size
    this.#size += 1
    if (isAlias(node)) return this.#alias(node.source, offset)
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return null
    const anchor: Anchor = { value: null }
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, anchor)
    const made = this.#value(node, offset, place)
    anchor.value = { node: made, size: this.#size - before }
    if (this.#size > values) throw new ParseFailure(offset, `has more than ${values} values, which is the limit`, true)
    return made
  }

  #alias(name: string, offset: number): TreeNode {
    const sized = this.#anchors.get(name)?.value ?? null
    if (sized === null) throw new ParseFailure(offset, `*${name} names nothing before it`)
    this.#size += sized.size
    return { kind: 'alias', name, target: sized.node, offset }
  }

  #value(node: Node, offset: number, place: Place): TreeNode {
    if (isScalar(node)) return scalarOf(node, this.#text, offset, place.isInFlow)
    const isFlow = (isMap(node) || isSeq(node)) && node.flow === true
    const inner = { depth: place.depth + 1, isInFlow: place.isInFlow || isFlow }
    if (isMap(node)) return this.#map(node, offset, inner)
    const items = isSeq(node) ? node.items : []
    return { kind: 'list', items: items.map((item) => this.build(item, inner) ?? NOTHING), offset }
  }

  #map(map: YAMLMap, offset: number, inner: Place): MapNode {
    let fault: string | null = null
    const written = map.items.map((pair) => {
      const made = this.#pair(pair, offset, inner)
      if (made.key === null) fault ??= NOT_TEXT
      return { ...made, key: made.key ?? '' }
    })
    return { kind: 'map', pairs: this.#merged(written), fault, offset }
  }

  /** The key is null if it is not text. */
  #pair(
    { key: writtenKey, value }: Pair,
    mapOffset: number,
    inner: Place,
  ): Omit<WrittenPair, 'key'> & { readonly key: string | null } {
    const key = this.build(writtenKey, inner)
    if (key?.kind === 'alias') throw new ParseFailure(key.offset ?? 0, `*${key.name} as a key: write the key itself`)
    if (isScalar(writtenKey)) this.#checkKey(writtenKey, inner.isInFlow)
    else if (!inner.isInFlow) throw new ParseFailure(key?.offset ?? mapOffset, NOT_TEXT)
    return {
      key: key?.kind === 'scalar' && isKey(key.value) ? String(key.value) : null,
      isMerge: isScalar(writtenKey) && writtenKey.type === 'PLAIN' && writtenKey.value === '<<',
      offset: key?.offset ?? null,
      value: this.build(value, inner),
    }
  }

  /** Checks that a key and its colon are on one line, within the maximum distance. Other parsers read such text differently or reject it. */
  #checkKey({ range, type, source }: Scalar, isInFlow: boolean): void {
    const [start = 0, end = 0] = range ?? []
    if (type === 'PLAIN' && source === '') throw new ParseFailure(start, 'a ":" needs a key before it')
    let at = end
    while (this.#text[at] === ' ' || this.#text[at] === '\t') at += 1
    const next = this.#text.charAt(at)
    if (isInFlow && /[,}\]]/.test(next)) return
    if (next !== ':' || at - start > MAX_KEY_LENGTH || this.#text.slice(start, end).includes('\n')) {
      throw new ParseFailure(start, `a key needs its ":" on the same line, within ${MAX_KEY_LENGTH} characters`)
    }
    if (isInFlow && type === 'PLAIN' && /[^\s,\]}]/.test(this.#text.charAt(at + 1))) {
      throw new ParseFailure(at, 'a ":" needs a space after it')
    }
  }

  #merged(written: readonly WrittenPair[]): MapNode['pairs'] {
    const onCopied = ({ offset }: WrittenPair): void => {
      this.#mergedPairs += 1
      const { mergedPairs } = DOCUMENT_LIMITS
      if (this.#mergedPairs <= mergedPairs) return
      throw new ParseFailure(
        offset ?? 0,
        `merge keys (<<) copy more than ${mergedPairs} pairs, which is the limit`,
        true,
      )
    }
    return mergePairs(written, onCopied, notMergeable)
  }
}

function failureOf({ code, message, pos: [offset] }: YAMLParseError): ParseFailure {
  if (code === 'RESOURCE_EXHAUSTION') return new ParseFailure(offset, message, true)
  return new ParseFailure(offset, `${message}${code === 'TAB_AS_INDENT' ? ': indent with spaces, not with a tab' : ''}`)
}

/**
 * Parses the first document of a text. The checks of tokens end with it, because programs that read the same text do not read the rest.
 *
 * @throws {ParseFailure} The document is not valid, or over a limit.
 */
function parseFirst(text: string): Parsed {
  const checkToken = createTokenCheck()
  const isEnd = createDocumentEnd()
  let end: number | undefined
  const document = readYamlDocument(text, YAML_OPTIONS, (token) => {
    if (isEnd(token)) end = token.offset
    else checkToken(token)
    return end !== undefined
  })
  // The errors after the first are its consequences, and name other places.
  const [first] = document.errors
  if (first !== undefined) throw failureOf(first)
  const contents = new TreeBuilder(text.slice(0, end)).build(document.contents, { depth: 0, isInFlow: false })
  const isIgnoring = end !== undefined && hasContent(text.slice(end))
  return { contents, error: null, ignoredFrom: isIgnoring ? end : undefined }
}

/** Parses the first YAML document of a text within {@link DOCUMENT_LIMITS}, if every parser of clusters reads the same in it. */
export function parseYaml(text: string): Parsed {
  return parsed(() => {
    checkCharacters(text)
    try {
      return parseFirst(text)
    } catch (error) {
      if (!(error instanceof ParseFailure) || error.isWhole) throw error
      throw invisibleIndentation(text, error) ?? error
    }
  })
}
