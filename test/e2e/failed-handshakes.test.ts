import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { minimalEnvironment } from './harness/command.ts'
import { freePort, logSettled, startTestServer } from './harness/server.ts'
import { metricsOf, startAws, USER_CONFIGURATION, userToken, verdict } from './harness/webhook.ts'

const MANY = 300

/** Sends this in plain text until the server closes the connection, and returns the answer. */
async function sendPlain(port: number, text: string): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1')
  let came = ''
  socket.on('error', () => undefined).on('data', (piece: Buffer) => (came += piece.toString('latin1')))
  socket.write(text)
  if (text === '') socket.end()
  await once(socket, 'close').catch(() => undefined)
  return came
}

async function handshake(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  const outcome = await Promise.race([
    once(socket, 'secureConnect').then(() => 'connected'),
    once(socket, 'error').then(() => 'failed'),
  ]).catch(() => 'failed')
  socket.destroy()
  return outcome
}

t.test('failed handshakes have a bounded number of lines', async (t) => {
  const healthPort = await freePort()
  const server = await startTestServer(t, {
    aws: await startAws(t),
    configuration: `${USER_CONFIGURATION}  healthAddress: 127.0.0.1:${healthPort}\n`,
  })
  const lines = () => server.log().filter(({ msg }) => msg === 'TLS handshakes failed')
  for (let probe = 0; probe < 5; probe += 1) await sendPlain(server.port, '')
  for (const port of [server.port, healthPort]) {
    for (let sent = 0; sent < MANY; sent += 50) {
      const clients = Array.from({ length: 50 }, () =>
        port === healthPort ? handshake(port) : sendPlain(port, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n'),
      )
      const outcomes = await Promise.all(clients)
      t.notOk(outcomes.some((outcome) => outcome === 'connected' || outcome.startsWith('HTTP')))
    }
  }
  await server.waitForLog(({ msg }) => msg === 'TLS handshakes failed')
  await logSettled()
  t.match(lines(), [{ level: 'warning', error: 'ERR_SSL_HTTP_REQUEST', count: 1 }])
  t.equal(lines().length, 1, 'neither probes nor the flood have one, and nobody who speaks TLS to the health port')

  if (binariesRunHere) {
    // A Go client like kube-apiserver, which does not trust the certificate.
    const url = ['--kubeconfig=/dev/null', `--server=https://localhost:${server.port}`, '--token=x']
    const env = minimalEnvironment(server.folder)
    const refused = await runBinary(await kubectl('1.35'), [...url, 'get', '--raw', '/healthz'], {
      env,
      cwd: server.folder,
    })
    t.match(refused.stderr, /x509/)
    await server.waitForLog(({ error }) => String(error).endsWith('ALERT_BAD_CERTIFICATE'))
    t.equal(lines().length, 2)
    const refusals = (await metricsOf(server))('tls_handshake_failures_total', { cause: 'certificate_refused' })
    t.ok((refusals ?? 0) > 0, 'the metric')
  }
  t.equal(verdict(await server.review(userToken())), true)
})
