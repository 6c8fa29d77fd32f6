import { once } from 'node:events'
import { createServer } from 'node:https'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import type { TokenIssuer } from '@aws-iam-authenticator/sandbox/aws/token-issuer'

const TIMEOUT_MS = 10_000

/** The documents of an issuer on the loopback, for kube-apiserver's `discoveryURL`. */
export interface Discovery {
  readonly url: string
  /** PEM. */
  readonly ca: string
}

/** Serves the documents of an issuer. Its keys are at the same address. */
export async function serveDiscovery(
  t: { teardown(action: () => unknown): void },
  issuer: TokenIssuer,
): Promise<Discovery> {
  const tls = selfSignedPair('issuer')
  let origin = ''
  const server = createServer(tls, (request, response) => {
    const { host } = new URL(issuer.url)
    const { method = 'GET', url: path = '/' } = request
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    void issuer.handle({ method, host, path, query: '', headers: new Map(), body: '', signal }).then((reply) => {
      if (reply === 'reset' || typeof reply.body !== 'string') return request.destroy()
      // The document names its own address for the keys, because nobody resolves the issuer's here.
      const body = reply.body.replaceAll(`${issuer.url}/.well-known/jwks`, `${origin}/.well-known/jwks`)
      return response.writeHead(reply.status, reply.headers).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  origin = `https://127.0.0.1:${address.port}`
  return { url: `${origin}/.well-known/openid-configuration`, ca: tls.cert }
}
