import { randomBytes, randomUUID } from 'node:crypto'
import { isRecord, type Draft, type KubeObject } from './objects.ts'
import type { RequestInfo } from './request-info.ts'
import { apiVersionOf, events, type Resource } from './resources.ts'
import { ApiFailure } from './status.ts'

const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

function invalid(resource: Resource, name: string, cause: string): ApiFailure {
  const details = { name, group: resource.group, kind: resource.kind }
  return new ApiFailure('Invalid', `${resource.kind} "${name}" is invalid: ${cause}`, details)
}

function nameOf(metadata: Record<string, unknown>, resource: Resource): string {
  const { name, generateName } = metadata
  if (typeof name === 'string' && DNS_SUBDOMAIN.test(name) && name.length <= 253) return name
  if (name === undefined && typeof generateName === 'string') return `${generateName}${randomBytes(3).toString('hex')}`
  throw invalid(resource, typeof name === 'string' ? name : '', 'metadata.name: Required value, a DNS subdomain')
}

function checkData(draft: Draft, resource: Resource): void {
  const { data = {} } = draft
  if (!isRecord(data) || !Object.values(data).every((value) => typeof value === 'string')) {
    throw new ApiFailure(
      'BadRequest',
      `${resource.kind} in version "v1" cannot be handled: data is not a map of strings`,
    )
  }
}

function checkInvolvedObject(draft: Draft, resource: Resource, namespace: string | undefined): void {
  const involved = isRecord(draft.involvedObject) ? draft.involvedObject.namespace : undefined
  // Events about cluster-scoped objects live in namespace default (apiserver validation of core/v1 Event).
  if ((involved ?? 'default') === namespace) return
  throw invalid(resource, draft.metadata.name, 'involvedObject.namespace: does not match event.namespace')
}

/**
 * Parses an object from a client.
 *
 * @throws ApiFailure 400 if its kind or place differs from the path, 422 if it is invalid.
 */
export function parseDraft(body: unknown, { resource, namespace, name }: RequestInfo): Draft {
  if (!isRecord(body) || !isRecord(body.metadata)) throw new ApiFailure('BadRequest', 'the body is not an object')
  const { apiVersion = apiVersionOf(resource), kind = resource.kind } = body
  if (apiVersion !== apiVersionOf(resource) || kind !== resource.kind) {
    throw new ApiFailure('BadRequest', `the object provided is unrecognized: want ${resource.kind}`)
  }
  const metadata = { ...body.metadata, name: nameOf(body.metadata, resource) }
  if (name !== undefined && name !== metadata.name) {
    throw new ApiFailure('BadRequest', 'the name of the object does not match the name on the URL')
  }
  if ((body.metadata.namespace ?? namespace) !== namespace) {
    throw new ApiFailure(
      'BadRequest',
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  const draft: Draft = { ...body, metadata }
  if (resource.kind === 'ConfigMap') checkData(draft, resource)
  if (resource === events) checkInvolvedObject(draft, resource, namespace)
  return draft
}

/** Creates an object from a draft, and keeps or fills the metadata that the server owns. */
export function completeDraft(draft: Draft, { resource, namespace }: RequestInfo, before?: KubeObject): KubeObject {
  return {
    ...draft,
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: {
      ...draft.metadata,
      ...(namespace === undefined ? {} : { namespace }),
      uid: before?.metadata.uid ?? randomUUID(),
      creationTimestamp: before?.metadata.creationTimestamp ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      resourceVersion: before?.metadata.resourceVersion ?? '',
    },
  }
}
