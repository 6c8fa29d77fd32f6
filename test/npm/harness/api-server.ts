import type { IncomingMessage, ServerResponse } from 'node:http'
import { Listener } from '@aws-iam-authenticator/sandbox/kubernetes/api/listener'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import {
  createVerifier,
  type TokenVerifierOptions,
  type Verification,
} from '../../../packages/server/src/library/index.ts'

/** An API server that has one namespace, and asks the library's verifier who sends a request. */
export interface ApiServer {
  readonly url: string
  /** Its certificate, PEM. */
  readonly ca: string
  /** The ARN behind each request, or the reason why it was refused. Emptied by the test. */
  readonly callers: string[]
  close(): Promise<void>
}

const NAMESPACES = { apiVersion: 'v1', kind: 'NamespaceList', metadata: {}, items: [{ metadata: { name: 'default' } }] }
const UNAUTHORIZED = { apiVersion: 'v1', kind: 'Status', code: 401 }

/** Starts it on 127.0.0.1. */
export async function startApiServer(options: TokenVerifierOptions): Promise<ApiServer> {
  const verifier = await createVerifier(options)
  const tls = selfSignedPair('kube-apiserver')
  const callers: string[] = []
  const authenticate = async ({ headers }: IncomingMessage): Promise<Verification> => {
    const outcome = await verifier.verify((headers.authorization ?? '').replace(/^Bearer /, ''))
    callers.push(outcome.accepted ? outcome.identity.canonicalArn : outcome.reason)
    return outcome
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { accepted } = await authenticate(request)
    response.writeHead(accepted ? 200 : 401, { 'content-type': 'application/json' })
    response.end(JSON.stringify(accepted ? NAMESPACES : UNAUTHORIZED))
  }
  const listener = await Listener.start({ tls }, (request, response) => {
    void answer(request, response)
  })
  return {
    url: listener.url,
    ca: tls.cert,
    callers,
    async close() {
      await listener.goAway()
      await verifier.close()
    },
  }
}
