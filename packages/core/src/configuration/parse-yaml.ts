import { isAlias, isMap, isNode, isScalar, isSeq, parseDocument, visit, type Node, type Pair } from 'yaml'
import { finish, type Steps } from '../steps.ts'
import { jsonSteps } from './parse-json.ts'
import { regularYamlSteps } from './parse-regular-yaml.ts'
import type { Parsed, TreeNode } from './tree.ts'

function yamlMessage(error: { readonly code: string; readonly message: string }, lineBefore: string): string {
  const tab = error.code === 'TAB_AS_INDENT' || /^\s*\t/.test(lineBefore)
  return `${error.message}${tab ? ': indent with spaces, not with a tab' : ''}`
}

/** Turns the nodes of `yaml` into a tree, in which an alias stands for the very node that it names. */
function treeOf(contents: unknown, targets: ReadonlyMap<unknown, Node>): TreeNode | null {
  const known = new Map<unknown, TreeNode>()
  const convert = (node: unknown): TreeNode | null => {
    const offset = isNode(node) ? (node.range?.[0] ?? null) : null
    if (isAlias(node)) {
      const target = (): TreeNode | null => known.get(targets.get(node)) ?? null
      return { kind: 'alias', name: node.source, target, offset }
    }
    let made: TreeNode
    if (isMap(node)) {
      const pairs = node.items.map(({ key: written, value }: Pair) => {
        const key = convert(written)
        return {
          key: key?.kind === 'scalar' ? String(key.value) : '',
          isMerge: isScalar(written) && written.type === 'PLAIN' && written.value === '<<',
          offset: key?.offset ?? null,
          value: convert(value),
        }
      })
      made = { kind: 'map', pairs, offset }
    } else if (isSeq(node)) {
      const items = node.items.map((item) => convert(item) ?? NOTHING)
      made = { kind: 'list', items, offset }
    } else if (isScalar(node)) {
      const { value, source = null } = node
      made = { kind: 'scalar', value, source, offset }
    } else return null
    known.set(node, made)
    return made
  }
  return convert(contents)
}

const NOTHING: TreeNode = { kind: 'scalar', value: null, source: null, offset: null }

/** Parses any YAML at once. */
export function parseAnyYaml(text: string): Parsed {
  const document = parseDocument(text, {
    prettyErrors: false,
    // Whatever a %YAML directive says: no type but text, numbers, booleans, null, lists and maps.
    schema: 'core',
    resolveKnownTags: false,
    // Whoever reads the tree finds keys that are there twice, which then take away one entry, not the document; in linear time.
    uniqueKeys: false,
  })
  // The first error is the mistake; those after it are its consequences, and name other places.
  const [first] = document.errors
  if (first !== undefined) {
    const [offset] = first.pos
    if (first.code === 'MULTIPLE_DOCS') {
      const message = 'has more than one document: remove the --- between them'
      return { contents: null, error: { offset, message, isWhole: true } }
    }
    const lineBefore = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
    return { contents: null, error: { offset, message: yamlMessage(first, lineBefore) } }
  }
  // What each alias stands for. The search of `yaml` walks the whole document for every alias.
  const targets = new Map<unknown, Node>()
  const anchors = new Map<string, Node>()
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target !== undefined) targets.set(node, target)
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return { contents: treeOf(document.contents, targets), error: null }
}

/** JSON is YAML, but for tabs and line ends that only JSON takes everywhere. */
const JSON_LIST = /^[ \n]*\[[^\t\r]*$/

/**
 * Parses YAML in steps where it is written as most people and programs write it, else at once: `yaml` takes a second for a
 * text as long as Kubernetes allows.
 */
export function* yamlSteps(text: string): Steps<Parsed> {
  if (JSON_LIST.test(text)) {
    const parsed = yield* jsonSteps(text)
    if (parsed.error === null) return parsed
  }
  const contents = yield* regularYamlSteps(text)
  return contents === null ? parseAnyYaml(text) : { contents, error: null }
}

/** Parses YAML. */
export function parseYaml(text: string): Parsed {
  return finish(yamlSteps(text))
}
