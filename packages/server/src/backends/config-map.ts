import {
  awsAuthSteps,
  EMPTY_AWS_AUTH,
  indexSteps,
  isRecord,
  property,
  type AwsAuth,
  type EntryGates,
  type Log,
  type MappingIndex,
} from '@aws-iam-authenticator/core'
import type { KubernetesApi } from '../kubernetes/connection.ts'
import { reflect, type KubernetesObject, type Reflector } from '../kubernetes/list-watch.ts'
import type { Backend } from './backend.ts'
import { inSlices } from '../in-slices.ts'
import { logProblems } from './log-problems.ts'

const NAMESPACE = 'kube-system'
const NAME = 'aws-auth'
const SOURCE = `${NAMESPACE}/${NAME}`

export interface ConfigMapOptions {
  readonly api: KubernetesApi
  readonly gates: EntryGates & { readonly sso: boolean }
  readonly log: Log
  readonly watchFailed: () => void
  readonly problemsFound: (source: string, count: number) => void
}

/** The mappings of the ConfigMap kube-system/aws-auth, followed live. */
export function createConfigMap({ api, gates, log, watchFailed, problemsFound }: ConfigMapOptions): Backend {
  let awsAuth: AwsAuth = EMPTY_AWS_AUTH
  let index: MappingIndex | null = null
  let fault: string | null = null
  let reflector: Reflector | null = null
  const tried = Promise.withResolvers<void>()

  const adopt = async (next: AwsAuth): Promise<void> => {
    const indexed = await inSlices(indexSteps(next))
    awsAuth = next
    index = indexed.index
    fault = null
    problemsFound(SOURCE, logProblems(log, [...next.problems, ...indexed.problems]))
    const { roles, users, accounts } = next
    log.info(`${SOURCE} loaded`, { roles: roles.length, users: users.length, accounts: accounts.length })
  }
  const load = async (object: KubernetesObject): Promise<void> => {
    const data = property(object, 'data')
    await adopt(await inSlices(awsAuthSteps(isRecord(data) ? data : {}, awsAuth, gates)))
  }
  const clear = (): Promise<void> => {
    log.warn(`${SOURCE} is not there: none of its mappings is in force`)
    return adopt(EMPTY_AWS_AUTH)
  }

  return {
    start: () => {
      reflector = reflect(
        api,
        { path: `/api/v1/namespaces/${NAMESPACE}/configmaps`, fieldSelector: `metadata.name=${NAME}` },
        {
          replaced: async ([object]) => {
            await (object === undefined ? clear() : load(object))
            tried.resolve()
          },
          changed: load,
          deleted: clear,
          failed: (message) => {
            tried.resolve()
            fault = message
            watchFailed()
            log.warn(`${SOURCE} can't be followed, trying again; the mappings before stay in force`, { error: message })
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
