import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { type Test, test } from 'tap'
import { createAuthority, type Authority } from './authority.ts'

const LONG_HOST = `${'a'.repeat(60)}.eu-central-1.amazonaws.com`

void test('there is one authority, which signs only what it should', (t) => {
  const certificate = new X509Certificate(createAuthority().pem)
  t.ok(certificate.ca)
  t.ok(certificate.verify(certificate.publicKey))
  t.end()
})

void test('certificates for every requested host, trusted by clients of the authority', async (t) => {
  const authority = createAuthority()
  const port = await serve(t, authority)
  for (const host of ['sts.amazonaws.com', LONG_HOST]) {
    const socket = connect({ port, host: '127.0.0.1', servername: host, ca: authority.pem })
    await once(socket, 'secureConnect')
    t.equal(peer(socket)?.subjectAltName, `DNS:${host}`)
    t.notOk(peer(socket)?.ca)
    socket.destroy()
  }
  t.equal(authority.secureContext('sts.amazonaws.com'), authority.secureContext('sts.amazonaws.com'))
})

void test('other clients do not trust it', async (t) => {
  const port = await serve(t, createAuthority())
  const options = { port, host: '127.0.0.1', servername: 'sts.amazonaws.com' }
  const other = connect({ ...options, ca: createAuthority().pem })
  t.match(await once(other, 'error'), [{ code: /^(?:UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE)$/ }])
})

async function serve(t: Test, authority: Authority): Promise<number> {
  const server = createServer({
    SNICallback: (host, callback) => {
      callback(null, authority.secureContext(host))
    },
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('the server listens on no port')
  return address.port
}

function peer(socket: TLSSocket): X509Certificate | undefined {
  return socket.getPeerX509Certificate()
}
