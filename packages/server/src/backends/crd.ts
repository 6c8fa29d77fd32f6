import { textAt } from '@aws-iam-authenticator/core/untrusted'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import {
  reflect,
  type KubernetesObject,
  type Reflector,
  type ReflectorHandlers,
} from '@aws-iam-authenticator/kubernetes/api/list-watch'
import { describeApiFault } from './api-fault.ts'
import type { Backend, BackendDescriptor } from './backend.ts'
import { createStatusWriter, IDENTITY_MAPPINGS, type StatusWriter } from './identity-mapping-status.ts'
import { IdentityMappings } from './identity-mappings.ts'
import type { SourceErrors } from '../log/log-problems.ts'

const SOURCE = 'iamidentitymappings'
const RESOURCE = {
  name: 'iamidentitymappings',
  missing: 'apply deploy/manifests/overlays/crd/crd.yaml, which has their CustomResourceDefinition',
}

interface CrdOptions {
  readonly api: KubernetesApi
  readonly gates: EntryGates
  readonly log: Log
  readonly now: () => Date
  readonly onProblems: (source: string, errors: SourceErrors) => void
}

type ObjectHandlers = Required<Pick<ReflectorHandlers, 'onPage' | 'onChanged' | 'onDeleted'>> & {
  /** Removes the objects that are missing in the list that has just ended. */
  readonly removeUnlisted: () => void
}

function nameOf(object: KubernetesObject): string | undefined {
  return textAt(object, 'metadata', 'name')
}

/** Keeps a table of mappings and the status of their objects up to date. */
function createObjectHandlers(
  mappings: IdentityMappings,
  writer: StatusWriter,
  { log, onProblems }: CrdOptions,
): ObjectHandlers {
  let listed = new Set<string | undefined>()
  const take = (object: KubernetesObject, isWatched: boolean): boolean => {
    const name = nameOf(object)
    if (name === undefined) return false
    const { arn, isNew, errors, warnings } = mappings.take(name, object)
    for (const error of errors) log.error(`IAMIdentityMapping ${name}: ${error}`)
    for (const warning of warnings) log.warn(`IAMIdentityMapping ${name}: ${warning}`)
    if (arn === null) writer.forget(name)
    else writer.note(name, object, arn, isNew && isWatched)
    return isNew
  }
  const remove = (name: string): void => {
    mappings.delete(name)
    writer.forget(name)
  }
  return {
    onPage: (objects, isFirst) => {
      if (isFirst) listed = new Set()
      for (const object of objects) {
        listed.add(nameOf(object))
        take(object, false)
      }
    },
    removeUnlisted: () => {
      for (const name of mappings.names) if (!listed.has(name)) remove(name)
      listed = new Set()
    },
    onChanged: (object) => {
      if (!take(object, true)) return
      onProblems(SOURCE, mappings.errors())
      log.info(`IAMIdentityMapping ${nameOf(object) ?? ''} changed`)
    },
    onDeleted: (object) => {
      const name = nameOf(object) ?? ''
      remove(name)
      onProblems(SOURCE, mappings.errors())
      log.info(`IAMIdentityMapping ${name} deleted`)
    },
  }
}

/** Creates the backend that watches the custom resources IAMIdentityMapping. */
export function createCrd(options: CrdOptions): Backend {
  const { api, gates, log, now, onProblems } = options
  const mappings = new IdentityMappings(gates)
  const writer = createStatusWriter(api, log, now)
  const { removeUnlisted, ...handlers } = createObjectHandlers(mappings, writer, options)
  let isLoaded = false
  let fault: string | null = null
  let reflector: Reflector | null = null
  const tried = Promise.withResolvers<void>()

  const onReplaced = (): void => {
    removeUnlisted()
    isLoaded = true
    fault = null
    onProblems(SOURCE, mappings.errors())
    tried.resolve()
    log.info('IAMIdentityMappings loaded', { objects: mappings.objectCount, bad: mappings.errorCount })
  }
  const onWatching = (): void => {
    fault = null
  }
  const onFailed = (message: string, status?: number): void => {
    tried.resolve()
    fault = describeApiFault(message, status, RESOURCE)
    const hint = status === 404 ? ' (is their CustomResourceDefinition there?)' : ''
    log.warn(`IAMIdentityMappings can't be followed, trying again; the previous mappings stay active${hint}`, {
      error: message,
    })
  }
  return {
    start: () => {
      reflector = reflect(api, { path: IDENTITY_MAPPINGS }, { ...handlers, onReplaced, onWatching, onFailed })
      return tried.promise
    },
    snapshot: () => ({ mode: 'CRD', index: isLoaded ? mappings.index() : null, fault }),
    stop: async () => {
      await Promise.all([reflector?.stop(), writer.stop()])
      await api.close()
    },
  }
}

export const crd: BackendDescriptor = {
  create: async ({ connect, settings, log, now, onProblems }) =>
    createCrd({ api: await connect(), gates: settings.gates, log, now, onProblems }),
}
