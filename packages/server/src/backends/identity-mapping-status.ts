import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { KubernetesApi, KubernetesWrite } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { KubernetesObject } from '@aws-iam-authenticator/kubernetes/api/list-watch'

export const IDENTITY_MAPPINGS = '/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings'

/** The path of Events about objects without a namespace. */
const EVENTS = '/api/v1/namespaces/default/events'
const COMPONENT = 'aws-iam-authenticator'

/**
 * The time between two objects, in milliseconds. It limits the load on the API server: in a cluster with 50,000 objects, each server
 * may send two requests for each object at its start. No login depends on them.
 */
const SPACING_MS = 50
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 60_000

const MAX_NAME_LENGTH = 253

/** Writes the status of objects IAMIdentityMapping, and Events about them. */
export interface StatusWriter {
  /**
   * @param arn The canonical ARN of the object's spec.
   * @param hasChanged Whether the object changed while it was watched: then an Event is written, too.
   */
  note(name: string, object: KubernetesObject, arn: string, hasChanged: boolean): void
  forget(name: string): void
  stop(): Promise<void>
}

interface Task {
  readonly object: KubernetesObject
  readonly arn: string
  readonly writeStatus: boolean
}

/** Cuts a name to this number of characters, or fewer so that it does not end with a dot or hyphen. */
function shortened(name: string, length: number): string {
  let end = Math.min(name.length, length)
  while (end > 0 && /[.-]/.test(name.charAt(end - 1))) end -= 1
  return name.slice(0, end)
}

/**
 * Renders the Event that an object was synced. Its name is derived from the object and its generation, so that only the first of
 * several servers creates it, and none does so again after a restart.
 */
function syncedEvent(name: string, object: KubernetesObject, now: Date): unknown {
  const uid = textAt(object, 'metadata', 'uid')
  const generation = property(property(object, 'metadata'), 'generation')
  const state = JSON.stringify([uid, generation, property(object, 'spec')])
  const suffix = `.${createHash('sha256').update(state).digest('hex').slice(0, 16)}`
  const time = now.toISOString().replace(/\.\d{3}Z$/, 'Z')
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${shortened(name, MAX_NAME_LENGTH - suffix.length)}${suffix}`,
      namespace: 'default',
    },
    involvedObject: {
      apiVersion: 'iamauthenticator.k8s.aws/v1alpha1',
      kind: 'IAMIdentityMapping',
      name,
      uid,
      resourceVersion: textAt(object, 'metadata', 'resourceVersion'),
    },
    reason: 'Synced',
    message: 'Identity synced successfully',
    type: 'Normal',
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  }
}

/** Renders a merge patch of the status alone. With the uid, it fails for a new object of the same name. */
function statusPatch(name: string, { object, arn }: Task): KubernetesWrite {
  const metadata = { uid: textAt(object, 'metadata', 'uid') }
  const path = `${IDENTITY_MAPPINGS}/${encodeURIComponent(name)}/status`
  return { method: 'PATCH', path, body: { metadata, status: { canonicalARN: arn } } }
}

/**
 * Sends a write. Status 404 means that the object is gone, and 409 that another server was faster: both count as done.
 *
 * @throws {Error} The API server answered with another error.
 */
async function writeOnce(api: KubernetesApi, request: KubernetesWrite, signal: AbortSignal): Promise<void> {
  const { status, answer } = await api.write(request, signal)
  if (status < 300 || status === 404 || status === 409) return
  throw new Error(`${request.method} ${request.path}: status ${status}: ${textAt(answer, 'message') ?? 'no message'}`)
}

/**
 * Writes `status.canonicalARN` if it is wrong, and an Event for each change. It writes one object at a time, in the background.
 * Mappings do not depend on it.
 */
export function createStatusWriter(api: KubernetesApi, log: Log, now: () => Date): StatusWriter {
  const tasks = new Map<string, Task>()
  const stopped = new AbortController()
  const { signal } = stopped
  let running: Promise<void> | null = null
  let retry = FIRST_RETRY_MS
  let logged = ''

  const write = (request: KubernetesWrite): Promise<void> => writeOnce(api, request, signal)
  const warn = (what: string, error: unknown): void => {
    const message = messageOf(error)
    // Log one object only: the others fail for the same reason.
    if (signal.aborted || logged === what) return
    logged = what
    log.warn(`${what}; the mappings are active regardless`, { error: message })
  }
  /** Writes the status and the Event of an object; false if the status must be tried again. */
  const work = async (name: string, task: Task): Promise<boolean> => {
    try {
      if (task.writeStatus) await write(statusPatch(name, task))
    } catch (error) {
      warn("the status of IAMIdentityMappings can't be written", error)
      if (!tasks.has(name)) tasks.set(name, task)
      return false
    }
    try {
      await write({ method: 'POST', path: EVENTS, body: syncedEvent(name, task.object, now()) })
      logged = ''
    } catch (error) {
      warn("Events about IAMIdentityMappings can't be written", error)
    }
    return true
  }
  const run = async (): Promise<void> => {
    for (let [next] = tasks; next !== undefined && !signal.aborted; [next] = tasks) {
      const [name, task] = next
      tasks.delete(name)
      const isDone = await work(name, task)
      await sleep(isDone ? SPACING_MS : retry, undefined, { signal }).catch(() => undefined)
      retry = isDone ? FIRST_RETRY_MS : Math.min(retry * 2, LAST_RETRY_MS)
    }
    running = null
  }
  return {
    note: (name, object, arn, hasChanged) => {
      const writeStatus = textAt(object, 'status', 'canonicalARN') !== arn
      if (writeStatus || hasChanged) tasks.set(name, { object, arn, writeStatus })
      // Another server has written the status, and writes the Event as well.
      else if (tasks.get(name)?.writeStatus === true) tasks.delete(name)
      if (tasks.size > 0) running ??= run()
    },
    forget: (name) => void tasks.delete(name),
    stop: async () => {
      stopped.abort()
      await running
    },
  }
}
