import { isRecord, type KubeObject } from './objects.ts'
import type { Resource } from './resources.ts'
import { ApiFailure } from './status.ts'

type Requirement = { label: string; value: string; equal: boolean }

/** A parsed `fieldSelector`: all requirements must hold. */
export type FieldSelector = readonly Requirement[]

/**
 * Parses `a=b,c==d,e!=f` (apimachinery `fields.ParseSelector`).
 *
 * @throws ApiFailure 400 for bad syntax or a label that the resource does not offer.
 */
export function parseFieldSelector(text: string, resource: Resource): FieldSelector {
  const known = new Set(['metadata.name', 'metadata.namespace', ...resource.fields])
  return text
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const [, label = '', operator = '', value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? []
      if (!known.has(label)) throw new ApiFailure('BadRequest', `field label not supported: ${term}`)
      return { label, value, equal: operator !== '!=' }
    })
}

/** The only name that the selector allows, which RBAC uses as the request's `resourceName`. */
export function selectedName(selector: FieldSelector): string | undefined {
  return selector.find(({ label, equal }) => label === 'metadata.name' && equal)?.value
}

function fieldOf(object: KubeObject, label: string): string {
  let value: unknown = object
  for (const key of label.split('.')) value = isRecord(value) ? value[key] : undefined
  return typeof value === 'string' ? value : ''
}

export function matchesFields(object: KubeObject, selector: FieldSelector): boolean {
  return selector.every(({ label, value, equal }) => (fieldOf(object, label) === value) === equal)
}
