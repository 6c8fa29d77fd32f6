import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { KubernetesApi, KubernetesWrite } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { KubernetesObject } from '@aws-iam-authenticator/kubernetes/api/list-watch'

export const IDENTITY_MAPPINGS = '/apis/iamauthenticator.k8s.aws/v1alpha1/iamidentitymappings'

/** Events about objects without a namespace live here. */
const EVENTS = '/api/v1/namespaces/default/events'
const COMPONENT = 'aws-iam-authenticator'

/**
 * The time between two objects. Nobody waits for a status or an Event, but API servers have better things to do at the start
 * of a cluster with 50,000 objects, for each of which each server might have two requests.
 */
const SPACING_MS = 50
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 60_000

const MAX_NAME_LENGTH = 253

/** Writes back what became of the objects IAMIdentityMapping. */
export interface StatusWriter {
  /**
   * @param arn The canonical ARN that the object's spec has.
   * @param hasChanged Whether the object changed while it was watched: then an Event says so, too.
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

/** The name with at most this number of characters, the last of which a name may end in. */
function shortened(name: string, length: number): string {
  let end = Math.min(name.length, length)
  while (end > 0 && /[.-]/.test(name.charAt(end - 1))) end -= 1
  return name.slice(0, end)
}

/**
 * The Event that an object was synced. Its name follows from the object and its generation, so that of several servers, and
 * of one that starts again, only the first one makes it.
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

/** A merge patch of the status alone; the uid keeps it from an object that took the name since. */
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
 * Writes `status.canonicalARN` where it is wrong, and an Event for each change: one object after the other, in the background.
 * Mappings do not depend on it.
 */
export function createStatusWriter(api: KubernetesApi, log: Log, now: () => Date): StatusWriter {
  const tasks = new Map<string, Task>()
  const stopped = new AbortController()
  const { signal } = stopped
  let running: Promise<void> | null = null
  let retry = FIRST_RETRY_MS
  let told = ''

  const write = (request: KubernetesWrite): Promise<void> => writeOnce(api, request, signal)
  const complain = (what: string, error: unknown): void => {
    const message = messageOf(error)
    // The message names the object. One object is enough to tell what is wrong.
    if (signal.aborted || told === what) return
    told = what
    log.warn(`${what}; the mappings are in force all the same`, { error: message })
  }
  /** Whether it went well, or need not be tried again. */
  const work = async (name: string, task: Task): Promise<boolean> => {
    try {
      if (task.writeStatus) await write(statusPatch(name, task))
    } catch (error) {
      complain("the status of IAMIdentityMappings can't be written", error)
      if (!tasks.has(name)) tasks.set(name, task)
      return false
    }
    try {
      await write({ method: 'POST', path: EVENTS, body: syncedEvent(name, task.object, now()) })
      told = ''
    } catch (error) {
      complain("Events about IAMIdentityMappings can't be written", error)
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
      // Another server has written the status, and says so itself.
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
