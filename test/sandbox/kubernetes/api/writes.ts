import { isDeepStrictEqual } from 'node:util'
import { completeDraft, parseDraft } from './drafts.ts'
import { mergePatch } from './merge-patch.ts'
import { isRecord, type Draft, type KubeObject } from './objects.ts'
import { getObject, notFound } from './reads.ts'
import type { RequestInfo } from './request-info.ts'
import { qualifiedName, type Resource } from './resources.ts'
import { ApiFailure } from './status.ts'
import type { Store } from './store.ts'

function withStatus(object: KubeObject, status: unknown): KubeObject {
  const { status: _replaced, ...rest } = object
  return { ...rest, ...(status === undefined ? {} : { status }) }
}

function specOf(object: KubeObject): Record<string, unknown> {
  const { metadata: _metadata, status: _status, ...spec } = object
  return spec
}

function checkPrecondition(resource: Resource, draft: Draft, before: KubeObject): void {
  const { resourceVersion = '', uid = '', name } = draft.metadata
  const unchanged =
    (resourceVersion === '' || resourceVersion === before.metadata.resourceVersion) &&
    (uid === '' || uid === before.metadata.uid)
  if (unchanged) return
  throw new ApiFailure(
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": the object has been modified; ` +
      'please apply your changes to the latest version and try again',
    { name, group: resource.group, kind: resource.plural },
  )
}

/** `/status` changes only the status. The main resource of a kind with `/status` changes everything else. */
function replace(store: Store, request: RequestInfo, draft: Draft, before: KubeObject): KubeObject {
  const { resource, subresource } = request
  checkPrecondition(resource, draft, before)
  const next = completeDraft(draft, request, before)
  if (!resource.hasStatus) return store.put(resource, next)
  if (subresource === 'status') return store.put(resource, withStatus(before, next.status))
  const { generation = 1 } = before.metadata
  const metadata = {
    ...next.metadata,
    generation: isDeepStrictEqual(specOf(before), specOf(next)) ? generation : generation + 1,
  }
  return store.put(resource, withStatus({ ...next, metadata }, before.status))
}

/** @throws ApiFailure 400, 409 or 422. */
export function createObject(store: Store, request: RequestInfo, body: unknown): KubeObject {
  const { resource, namespace } = request
  const draft = parseDraft(body, request)
  const { name } = draft.metadata
  if (store.get(resource, namespace, name) !== undefined) {
    const details = { name, group: resource.group, kind: resource.plural }
    throw new ApiFailure('AlreadyExists', `${qualifiedName(resource)} "${name}" already exists`, details)
  }
  const object = completeDraft(draft, request)
  if (!resource.hasStatus) return store.put(resource, object)
  return store.put(resource, withStatus({ ...object, metadata: { ...object.metadata, generation: 1 } }, undefined))
}

/** @throws ApiFailure 400, 404, 409 if the body's version is stale, or 422. */
export function updateObject(store: Store, request: RequestInfo, body: unknown): KubeObject {
  return replace(store, request, parseDraft(body, request), getObject(store, request))
}

/** @throws ApiFailure 400, 404, 409 if the patch has a stale version, 415 for another kind of patch, or 422. */
export function patchObject(store: Store, request: RequestInfo, mediaType: string, body: unknown): KubeObject {
  const { resource } = request
  const strategic = mediaType === 'application/strategic-merge-patch+json' && resource.strategicPatch
  if (mediaType !== 'application/merge-patch+json' && !strategic) {
    throw new ApiFailure('UnsupportedMediaType', 'the body of the request was in an unknown format')
  }
  if (!isRecord(body)) throw new ApiFailure('BadRequest', 'the patch is not an object')
  const before = getObject(store, request)
  return replace(store, request, parseDraft(mergePatch(before, body), request), before)
}

/** @throws ApiFailure 404. */
export function deleteObject(store: Store, { resource, namespace, name = '' }: RequestInfo): Record<string, unknown> {
  const deleted = store.delete(resource, namespace, name)
  if (deleted === undefined) throw notFound(resource, name)
  const details = { name, group: resource.group, kind: resource.plural, uid: deleted.metadata.uid }
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }
}
