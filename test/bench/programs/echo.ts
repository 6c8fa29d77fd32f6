// A webhook that decides nothing: it answers with its request, after one STS call if ECHO_UPSTREAM is set.
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import fastify from 'fastify'
import { EnvHttpProxyAgent } from 'undici'

const { ECHO_CERTIFICATE = '', ECHO_KEY = '', ECHO_PORT = '0', ECHO_UPSTREAM, SSL_CERT_FILE = '' } = process.env
const ca = SSL_CERT_FILE === '' ? '' : readFileSync(SSL_CERT_FILE, 'utf8')
// Read once, as by the server, and not for each connection.
const requestTls = { secureContext: createSecureContext({ ca }) }
const upstream = new EnvHttpProxyAgent({ requestTls })
/** As in the server: see --compile-jit-policy in scripts/build/compile.ts. */
declare const Bun: { readonly unsafe: { setJITPolicy(scale: number): void } } | undefined
let isAsked = false
const app = fastify({
  http2: true,
  https: { allowHTTP1: true, cert: readFileSync(ECHO_CERTIFICATE), key: readFileSync(ECHO_KEY) },
})
app.post('/authenticate', async (request, reply) => {
  if (!isAsked && typeof Bun !== 'undefined') Bun.unsafe.setJITPolicy(1)
  isAsked = true
  if (ECHO_UPSTREAM !== undefined && ECHO_UPSTREAM !== '') {
    const { body } = await upstream.request({
      origin: ECHO_UPSTREAM,
      path: '/?Action=GetCallerIdentity',
      method: 'GET',
      headers: { accept: 'application/json' },
    })
    await body.text()
  }
  return reply.send(request.body)
})
void app.listen({ host: '127.0.0.1', port: Number(ECHO_PORT) }).then(() => process.stderr.write('listening\n'))
