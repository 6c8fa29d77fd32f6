import { isAlias, isMap, isScalar, isSeq, type Document } from 'yaml'
import { readYamlDocument } from '@aws-iam-authenticator/core/document/read-yaml'

const MASK = '***'

/** Words in the name of a key or variable, or in a comment, that tell of a secret. */
const SECRET = /token|secret|password|passwd|credential|key-data|key_id|access.?key|private|auth-?data/i

/** The fields of a user's exec that hold no secret, whichever program it runs. */
const PLAIN_EXEC: ReadonlySet<string> = new Set([
  'apiVersion',
  'command',
  'installHint',
  'interactiveMode',
  'provideClusterInfo',
])

/** The variables of exec that are shown. */
const PLAIN_VARIABLES: ReadonlySet<string> = new Set([
  'AWS_CONFIG_FILE',
  'AWS_DEFAULT_REGION',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_STS_REGIONAL_ENDPOINTS',
])

type Range = readonly [start: number, end: number]

/** Collects the ranges of the nodes whose scalars are masked. */
class Masks {
  readonly ranges: Range[] = []
  private readonly seen = new Set<unknown>()
  private readonly document: Document.Parsed

  constructor(document: Document.Parsed) {
    this.document = document
  }

  add(node: unknown): void {
    const source = isAlias(node) ? node.resolve(this.document) : node
    if (this.seen.has(source)) return
    this.seen.add(source)
    if (isMap(source)) for (const { value } of source.items) this.add(value)
    else if (isSeq(source)) for (const item of source.items) this.add(item)
    else if (isScalar(source) && source.range !== undefined && source.range !== null) {
      this.ranges.push([source.range[0], source.range[1]])
    }
  }
}

function textOf(node: unknown): string {
  return isScalar(node) && typeof node.value === 'string' ? node.value : ''
}

function fields(node: unknown): readonly (readonly [name: string, value: unknown])[] {
  return isMap(node) ? node.items.map(({ key, value }) => [textOf(key), value] as const) : []
}

function fieldOf(node: unknown, name: string): unknown {
  return fields(node).find(([key]) => key === name)?.[1]
}

/**
 * The arguments before those of `token`, which has no secret ones. A wrapper such as `aws-vault` has some. All arguments if the
 * program is another one.
 */
function foreignArguments(exec: unknown): readonly unknown[] {
  const args = fieldOf(exec, 'args')
  const items: readonly unknown[] = isSeq(args) ? args.items : [args]
  const words = items.map(textOf)
  const at = words.indexOf('token')
  const isToken = words.slice(at).some((word) => word.startsWith('-i') || word.startsWith('--cluster-id'))
  return at < 0 || !isToken ? items : items.slice(0, at)
}

function maskExec(exec: unknown, masks: Masks): void {
  for (const [name, value] of fields(exec)) {
    if (name === 'args') for (const item of foreignArguments(exec)) masks.add(item)
    else if (name === 'env' && isSeq(value)) {
      for (const variable of value.items) {
        if (!PLAIN_VARIABLES.has(textOf(fieldOf(variable, 'name')))) masks.add(fieldOf(variable, 'value') ?? variable)
      }
    } else if (!PLAIN_EXEC.has(name)) masks.add(value)
  }
}

/** Masks everything in a user that is not known to be harmless. */
function maskUser(item: unknown, masks: Masks): void {
  if (!isMap(item)) masks.add(item)
  for (const [name, value] of fields(item)) {
    if (name === 'name') continue
    for (const [field, inner] of fields(value)) {
      if (field === 'exec' && isMap(inner)) maskExec(inner, masks)
      else masks.add(inner)
    }
    if (!isMap(value)) masks.add(value)
  }
}

/** Masks values whose key tells of a secret, and URLs with a password. */
function maskOthers(node: unknown, masks: Masks): void {
  if (isSeq(node)) for (const item of node.items) maskOthers(item, masks)
  for (const [name, value] of fields(node)) {
    const isUrlWithUser = /:\/\/[^/]*@/.test(textOf(value))
    if (SECRET.test(name) || isUrlWithUser) masks.add(value)
    else maskOthers(value, masks)
  }
}

/** Replaces each line of a text by the mask. Keeps line breaks and indentation, so that a diff has the same lines. */
function maskLines(text: string): string {
  const lines = text.split('\n').map((line) => {
    const start = line.length - line.trimStart().length
    return line.trim() === '' ? line : line.slice(0, start) + MASK
  })
  return lines.join('\n')
}

/** Replaces a comment that tells of a secret by the mask. */
function maskComment(line: string): string {
  for (let at = line.indexOf('#'); at >= 0; at = line.indexOf('#', at + 1)) {
    const isComment = at === 0 || /\s/.test(line.charAt(at - 1))
    if (isComment && SECRET.test(line.slice(at))) return `${line.slice(0, at)}# ${MASK}`
  }
  return line
}

/**
 * A kubeconfig to print: credentials of users, values whose key tells of a secret, and comments that name one are masked. The
 * lines stay the same in number and order.
 */
export function maskSecrets(text: string): string {
  const document = readYamlDocument(text, { schema: 'core', uniqueKeys: false, prettyErrors: false })
  const masks = new Masks(document)
  for (const [name, value] of fields(document.contents)) {
    if (name === 'users' && isSeq(value)) for (const item of value.items) maskUser(item, masks)
    else if (name === 'users' || SECRET.test(name)) masks.add(value)
    else maskOthers(value, masks)
  }
  let masked = text
  for (const [start, end] of masks.ranges.toSorted(([a], [b]) => b - a)) {
    masked = masked.slice(0, start) + maskLines(masked.slice(start, end)) + masked.slice(end)
  }
  return masked.split('\n').map(maskComment).join('\n')
}
