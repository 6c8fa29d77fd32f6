import { setTimeout as sleep } from 'node:timers/promises'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { isRecord, messageOf, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Data, Edited } from '@aws-iam-authenticator/core/edit/aws-auth-lists'
import type { Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { KubernetesObject } from '@aws-iam-authenticator/kubernetes/api/list-watch'

const PATH = '/api/v1/namespaces/kube-system/configmaps/aws-auth'
const MOST_TRIES = 5
const TIMEOUT_MS = 10_000

/** The updated ConfigMap, and the problems found in its other entries. */
interface Updated {
  readonly object: KubernetesObject
  readonly problems: readonly Problem[]
}

type Verb = 'get' | 'update'

/** A hint for a status other than 200. */
function advice(status: number, verb: Verb): string {
  if (status === 401) return ': the kubeconfig is not for this cluster, or its credentials have expired'
  if (status === 403) return `: ask for a Role that grants ${verb} on the configmap aws-auth in kube-system`
  if (status === 404) return ': create it first, as the cluster needs it for its nodes'
  return ''
}

function refused(verb: Verb, status: number, answer: unknown): AuthenticatorError {
  const said = textAt(answer, 'message') ?? `status ${status}`
  return new AuthenticatorError(
    'aws_auth_not_updated',
    `can't ${verb} the ConfigMap kube-system/aws-auth: ${said}${advice(status, verb)}; nothing was written`,
  )
}

/** Runs a request. If the connection fails, throws an error that says what that means for the ConfigMap. */
async function reach<T>(server: string, consequence: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request()
  } catch (error) {
    if (error instanceof AuthenticatorError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const why = messageOf(error) || code
    throw new AuthenticatorError('aws_auth_not_updated', `can't reach ${server}: ${why}; ${consequence}`, {
      cause: error,
    })
  }
}

/** A ConfigMap as the API server sent it, and its data. */
interface Read {
  readonly object: KubernetesObject
  readonly data: Data
}

/**
 * Reads the ConfigMap aws-auth.
 *
 * @throws {AuthenticatorError} `aws_auth_not_updated`.
 */
export async function readAwsAuth(api: KubernetesApi, server: string): Promise<Read> {
  const { status, object } = await reach(server, 'nothing was written', async () => {
    const options = { signal: AbortSignal.timeout(TIMEOUT_MS), bodyTimeoutMs: TIMEOUT_MS }
    const { statusCode, body } = await api.get(PATH, {}, options)
    const answer: unknown = await body.json().catch(() => null)
    return { status: statusCode, object: answer }
  })
  if (status !== 200) throw refused('get', status, object)
  if (!isRecord(object) || textAt(object, 'metadata', 'resourceVersion') === undefined) {
    throw new AuthenticatorError('aws_auth_not_updated', `${server} answered with no ConfigMap; nothing was written`)
  }
  return { object, data: isRecord(object['data']) ? object['data'] : {} }
}

/**
 * Changes the ConfigMap aws-auth. Concurrent changes are not lost: the write is conditional on the version that was
 * read, and is tried again from the read if that version is outdated.
 *
 * @throws {AuthenticatorError} `aws_auth_not_updated`, or an error of `edit`.
 * @see {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions | Resource versions}
 */
export async function updateAwsAuth(
  api: KubernetesApi,
  server: string,
  edit: (data: Data) => Edited,
): Promise<Updated> {
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const { object, data: before } = await readAwsAuth(api, server)
    const { data, problems } = edit(before)
    const doubt = 'it is not known if it was written: run this again, the same change is not made twice'
    const written = await reach(server, doubt, () =>
      api.write({ method: 'PUT', path: PATH, body: { ...object, data } }, AbortSignal.timeout(TIMEOUT_MS)),
    )
    if (written.status === 200 && isRecord(written.answer)) return { object: written.answer, problems }
    if (written.status !== 409) throw refused('update', written.status, written.answer)
    await sleep(10 + Math.random() * 20 * tries)
  }
  throw new AuthenticatorError(
    'aws_auth_not_updated',
    `the ConfigMap kube-system/aws-auth was changed by others in each of ${MOST_TRIES} tries; nothing was written: run this again`,
  )
}
