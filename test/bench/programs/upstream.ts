// A minimal STS for the webhook: everyone is the same user, after a delay. A separate process, behind a proxy.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { startConnectProxy } from '@aws-iam-authenticator/sandbox/proxy/connect-proxy'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import { STS_ANSWER } from '../tokens.ts'

const delay = Number(process.argv[2])
const authority = createAuthority()
const server = createServer(
  { SNICallback: (host, callback) => callback(null, authority.secureContext(host)) },
  (_request, response) => {
    const reply = (): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(STS_ANSWER)
    if (delay === 0) reply()
    else setTimeout(reply, delay)
  },
)
async function beReached(port: number): Promise<void> {
  const proxy = await startConnectProxy({ route: () => port })
  const caFile = join(mkdtempSync(join(tmpdir(), 'bench-')), 'ca.pem')
  // As many authorities as a system's store has, because trusting them takes memory.
  writeFileSync(caFile, [authority.pem, ...rootCertificates].join('\n'))
  process.send?.({ HTTPS_PROXY: proxy.url, SSL_CERT_FILE: caFile })
}

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  void beReached(address.port)
})
process.on('disconnect', () => process.exit(0))
