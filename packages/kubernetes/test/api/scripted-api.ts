import { once } from 'node:events'
import { InProcessDispatcher } from '@aws-iam-authenticator/sandbox/aws/dispatcher'
import type { WireRequest } from '@aws-iam-authenticator/sandbox/aws/wire'
import { createKubernetesApi, type KubernetesApi, type KubernetesCluster } from '../../src/api/connection.ts'

/** An answer of the API server. A list is written line by line, like a watch. `reset` ends the connection instead. */
export type ScriptedAnswer = 'reset' | { readonly status?: number; readonly body: unknown }

/** An API server that answers each request with the next part of a script, and does not answer after its end. */
export interface ScriptedApi {
  readonly api: KubernetesApi
  readonly requests: readonly WireRequest[]
  /** Resolves after that many requests. */
  until(count: number): Promise<void>
}

const CLUSTER: KubernetesCluster = {
  server: 'https://kubernetes.example:6443/prefix/',
  tls: {},
  authorization: () => Promise.resolve('Bearer secret'),
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body
  return Array.isArray(body) ? body.map((line) => `${JSON.stringify(line)}\n`).join('') : JSON.stringify(body)
}

export function scriptedApi(script: readonly ScriptedAnswer[], cluster: Partial<KubernetesCluster> = {}): ScriptedApi {
  const requests: WireRequest[] = []
  const waiting = new Map<number, () => void>()
  const handle = async (request: WireRequest): ReturnType<ConstructorParameters<typeof InProcessDispatcher>[0]> => {
    const answer = script[requests.length]
    requests.push(request)
    waiting.get(requests.length)?.()
    if (answer === undefined && !request.signal.aborted) await once(request.signal, 'abort')
    if (answer === undefined || answer === 'reset') return 'reset'
    return { status: answer.status ?? 200, headers: {}, body: textOf(answer.body) }
  }
  return {
    api: createKubernetesApi({ ...CLUSTER, ...cluster }, () => new InProcessDispatcher(handle), 'test/1'),
    requests,
    until: (count) =>
      requests.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.set(count, resolve)),
  }
}
