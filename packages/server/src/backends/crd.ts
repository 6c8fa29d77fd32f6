import { textAt } from '@aws-iam-authenticator/core/untrusted'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import { reflect, type KubernetesObject, type Reflector } from '@aws-iam-authenticator/kubernetes/api/list-watch'
import type { Backend } from './backend.ts'
import { createStatusWriter, IDENTITY_MAPPINGS } from './identity-mapping-status.ts'
import { IdentityMappings } from './identity-mappings.ts'

const SOURCE = 'iamidentitymappings'

export interface CrdOptions {
  readonly api: KubernetesApi
  readonly gates: EntryGates
  readonly log: Log
  readonly now: () => Date
  readonly problemsFound: (source: string, count: number) => void
}

/** The mappings of the custom resources IAMIdentityMapping, followed live. */
export function createCrd({ api, gates, log, now, problemsFound }: CrdOptions): Backend {
  const mappings = new IdentityMappings(gates)
  const writer = createStatusWriter(api, log, now)
  let isLoaded = false
  let fault: string | null = null
  let reflector: Reflector | null = null
  const tried = Promise.withResolvers<void>()

  const take = (object: KubernetesObject, isWatched: boolean): boolean => {
    const name = textAt(object, 'metadata', 'name')
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
  let listed = new Set<string | undefined>()
  const replace = (): void => {
    for (const name of mappings.names) if (!listed.has(name)) remove(name)
    listed = new Set()
    isLoaded = true
    fault = null
    problemsFound(SOURCE, mappings.errorCount)
    tried.resolve()
    log.info('IAMIdentityMappings loaded', { objects: mappings.objectCount, bad: mappings.errorCount })
  }
  const failed = (message: string, status?: number): void => {
    tried.resolve()
    fault = message
    const hint = status === 404 ? ' (is their CustomResourceDefinition there?)' : ''
    log.warn(`IAMIdentityMappings can't be followed, trying again; the mappings before stay in force${hint}`, {
      error: message,
    })
  }
  return {
    start: () => {
      reflector = reflect(
        api,
        { path: IDENTITY_MAPPINGS },
        {
          listed: (objects, isFirst) => {
            if (isFirst) listed = new Set()
            for (const object of objects) {
              listed.add(textAt(object, 'metadata', 'name'))
              take(object, false)
            }
          },
          replaced: replace,
          changed: (object) => {
            if (!take(object, true)) return
            problemsFound(SOURCE, mappings.errorCount)
            log.info(`IAMIdentityMapping ${textAt(object, 'metadata', 'name') ?? ''} changed`)
          },
          deleted: (object) => {
            const name = textAt(object, 'metadata', 'name') ?? ''
            remove(name)
            problemsFound(SOURCE, mappings.errorCount)
            log.info(`IAMIdentityMapping ${name} deleted`)
          },
          failed,
        },
      )
      return tried.promise
    },
    snapshot: () => ({ mode: 'CRD', index: isLoaded ? mappings.index() : null, fault }),
    stop: async () => {
      await Promise.all([reflector?.stop(), writer.stop()])
      await api.close()
    },
  }
}
