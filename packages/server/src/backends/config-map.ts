import { EMPTY_AWS_AUTH, keepLastGood, type AwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import { isRecord, property } from '@aws-iam-authenticator/core/untrusted'
import type { EntryGates } from '@aws-iam-authenticator/core/mapping/parse-key'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { MappingIndex } from '@aws-iam-authenticator/core/mapping/mapping-index'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import { reflect, type KubernetesObject, type Reflector } from '@aws-iam-authenticator/kubernetes/api/list-watch'
import type { Backend, BackendDescriptor } from './backend.ts'
import { describeApiFault } from './api-fault.ts'
import type { DocumentReader } from './document-reader.ts'
import { logProblems, type SourceErrors } from '../log/log-problems.ts'

const NAMESPACE = 'kube-system'
const NAME = 'aws-auth'
const SOURCE = `${NAMESPACE}/${NAME}`
const RESOURCE = { name: `configmaps in ${NAMESPACE}` }

interface ConfigMapOptions {
  readonly api: KubernetesApi
  readonly gates: EntryGates & { readonly sso: boolean }
  readonly reader: DocumentReader
  readonly log: Log
  readonly onWatchFailed: () => void
  readonly onProblems: (source: string, errors: SourceErrors) => void
}

/** Creates the backend that watches the ConfigMap kube-system/aws-auth. */
export function createConfigMap({ api, gates, reader, log, onWatchFailed, onProblems }: ConfigMapOptions): Backend {
  let awsAuth: AwsAuth = EMPTY_AWS_AUTH
  let index: MappingIndex | null = null
  let fault: string | null = null
  let reflector: Reflector | null = null
  const tried = Promise.withResolvers<void>()

  const adopt = (next: AwsAuth): void => {
    const indexed = indexMappings(next)
    awsAuth = next
    index = indexed.index
    fault = null
    onProblems(SOURCE, logProblems(log, [...next.problems, ...indexed.problems]))
    const { roles, users, accounts } = next
    log.info(`${SOURCE} loaded`, { roles: roles.length, users: users.length, accounts: accounts.length })
  }
  const load = async (object: KubernetesObject): Promise<void> => {
    const data = property(object, 'data')
    adopt(keepLastGood(await reader.awsAuth(isRecord(data) ? data : {}, gates), awsAuth))
  }
  const clear = (): void => {
    log.warn(`${SOURCE} does not exist: none of its mappings is active`)
    adopt(EMPTY_AWS_AUTH)
  }

  return {
    start: () => {
      reflector = reflect(
        api,
        { path: `/api/v1/namespaces/${NAMESPACE}/configmaps`, selector: { fieldSelector: `metadata.name=${NAME}` } },
        {
          onReplaced: async ([object]) => {
            if (object === undefined) clear()
            else await load(object)
            tried.resolve()
          },
          onChanged: load,
          onDeleted: clear,
          onWatching: () => (fault = null),
          onFailed: (message, status) => {
            tried.resolve()
            fault = describeApiFault(message, status, RESOURCE)
            onWatchFailed()
            log.warn(`${SOURCE} can't be followed, trying again; the previous mappings stay active`, { error: message })
          },
        },
      )
      return tried.promise
    },
    snapshot: () => ({ mode: 'EKSConfigMap', index, fault }),
    stop: async () => {
      await reflector?.stop()
      await api.close()
    },
  }
}

export const eksConfigMap: BackendDescriptor = {
  create: async ({ connect, settings, reader, log, metrics, onProblems }) => {
    const { configMapWatchFailed: onWatchFailed } = metrics
    return createConfigMap({ api: await connect(), gates: settings.gates, reader, log, onWatchFailed, onProblems })
  },
}
