// One TLS connection to STS through the proxy, and one round trip: the minimum for a call of AWS.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

const { HTTPS_PROXY = '', SSL_CERT_FILE = '' } = process.env
const HOST = 'sts.us-west-2.amazonaws.com'
const proxy = new URL(HTTPS_PROXY)
const socket = connect(Number(proxy.port), proxy.hostname, () => {
  socket.write(`CONNECT ${HOST}:443 HTTP/1.1\r\nhost: ${HOST}:443\r\n\r\n`)
})
socket.once('data', () => {
  const tls = connectTls({ socket, servername: HOST, ca: readFileSync(SSL_CERT_FILE) }, () => {
    tls.write(`GET / HTTP/1.1\r\nhost: ${HOST}\r\nconnection: close\r\n\r\n`)
  })
  tls.once('data', () => process.exit(0))
})
