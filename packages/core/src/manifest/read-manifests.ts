import { isAlias, isMap, isScalar, isSeq, LineCounter, type Document, type Node, type YAMLMap } from 'yaml'
import type { Location, Problem } from '../errors/problem.ts'
import { YAML_OPTIONS } from '../document/parse-yaml.ts'
import { readYamlDocuments } from '../document/read-yaml.ts'
import { messageOf, textAt } from '../untrusted.ts'
import { nestedText, type NestedText, type SurroundingText } from './nested-text.ts'

/** An item of the data of a ConfigMap. */
interface DataItem {
  readonly key: string
  readonly location: Location
  /** Null if the value is not a string. Kubernetes rejects such a value. */
  readonly nested: NestedText | null
}

/** A ConfigMap in a manifest. */
export interface ConfigMapManifest {
  readonly name: string
  /** Null if the manifest has none. */
  readonly namespace: string | null
  readonly location: Location
  readonly data: readonly DataItem[]
}

/** An object in a manifest. */
export interface ObjectManifest {
  readonly name: string
  readonly object: unknown
  /** The location of a path such as `spec.arn`, or of its closest existing parent. */
  readonly locate: (path: string) => Location
}

/** The objects of a manifest file that this product reads. */
interface Manifests {
  readonly configMaps: readonly ConfigMapManifest[]
  /** Objects of kind IAMIdentityMapping. */
  readonly identityMappings: readonly ObjectManifest[]
  readonly problems: readonly Problem[]
}

class Reader {
  readonly configMaps: ConfigMapManifest[] = []
  readonly identityMappings: ObjectManifest[] = []
  readonly problems: Problem[] = []
  readonly #around: SurroundingText
  readonly #lines = new LineCounter()

  constructor(text: string, source: string) {
    const locate = (offset: number): Location => {
      const { line, col } = this.#lines.linePos(offset)
      return { source, line: Math.max(line, 1), column: Math.max(col, 1) }
    }
    this.#around = { text, locate }
    for (const document of readYamlDocuments(text, { ...YAML_OPTIONS, lineCounter: this.#lines })) {
      const [first] = document.errors
      if (first === undefined) this.#object(document, document.contents)
      else this.#error(locate(first.pos[0]), '', `is not valid YAML: ${first.message}`)
    }
  }

  #error(location: Location, path: string, message: string): void {
    this.problems.push({ severity: 'error', location, path, message })
  }

  #resolve(document: Document, node: unknown): unknown {
    return isAlias(node) ? (node.resolve(document) ?? node) : node
  }

  #locate(node: unknown, fallback: Location): Location {
    const offset = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
    return offset === undefined ? fallback : this.#around.locate(offset)
  }

  /** The pair of that name. Null if the node is not a map or does not have it. */
  #pair(document: Document, node: unknown, name: string): { readonly key: unknown; readonly value: unknown } | null {
    const map = this.#resolve(document, node)
    if (!isMap(map)) return null
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === name)
    return pair === undefined ? null : { key: pair.key, value: this.#resolve(document, pair.value) }
  }

  #text(document: Document, node: unknown, ...path: readonly string[]): string | null {
    let at: unknown = node
    for (const name of path) at = this.#pair(document, at, name)?.value
    return isScalar(at) && typeof at.value === 'string' ? at.value : null
  }

  #object(document: Document, node: Node | null): void {
    const resolved = this.#resolve(document, node)
    if (!isMap(resolved)) return
    const kind = this.#text(document, resolved, 'kind')
    const items = this.#pair(document, resolved, 'items')?.value
    if (kind?.endsWith('List') === true && isSeq(items)) {
      for (const item of items.items) {
        const object = this.#resolve(document, item)
        if (isMap(object)) this.#object(document, object)
      }
    } else if (kind === 'ConfigMap') this.#configMap(document, resolved)
    else if (kind === 'IAMIdentityMapping') this.#identityMapping(document, resolved)
  }

  #configMap(document: Document, map: YAMLMap): void {
    const location = this.#locate(map, this.#around.locate(0))
    const data = this.#pair(document, map, 'data')?.value
    const items: DataItem[] = []
    for (const { key, value } of isMap(data) ? data.items : []) {
      const scalar = this.#resolve(document, value)
      const name = isScalar(key) ? String(key.value) : ''
      const nested =
        isScalar(scalar) && typeof scalar.value === 'string' ? nestedText(this.#around, scalar, scalar.value) : null
      items.push({ key: name, location: this.#locate(key, location), nested })
    }
    const name = this.#text(document, map, 'metadata', 'name') ?? ''
    this.configMaps.push({ name, namespace: this.#text(document, map, 'metadata', 'namespace'), location, data: items })
  }

  #identityMapping(document: Document, map: YAMLMap): void {
    const location = this.#locate(map, this.#around.locate(0))
    const locate = (path: string): Location => {
      let place = location
      let at: unknown = map
      for (const name of path.split('.')) {
        const pair = this.#pair(document, at, name)
        if (pair === null) break
        place = this.#locate(pair.value, this.#locate(pair.key, place))
        at = pair.value
      }
      return place
    }
    try {
      const object: unknown = map.toJS(document)
      this.identityMappings.push({ name: textAt(object, 'metadata', 'name') ?? '', object, locate })
    } catch (error) {
      this.#error(location, '', `can't be read: ${messageOf(error)}`)
    }
  }
}

/** Reads a file of Kubernetes manifests in YAML or JSON. It may have several documents, and lists as in the output of `kubectl get`. */
export function readManifests(text: string, source: string): Manifests {
  const { configMaps, identityMappings, problems } = new Reader(text, source)
  return { configMaps, identityMappings, problems }
}
