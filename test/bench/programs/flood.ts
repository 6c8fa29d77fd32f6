// Sends logins at a rate, as a separate process, so that it does not delay the measurement. It uses sockets, because an HTTP
// client would take processor time from the server.
import { connect, type TLSSocket } from 'node:tls'
import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import { quantile } from '../results.ts'
import { createGarbage, createTokens, REVIEW } from '../tokens.ts'

const TICK_MS = 2

interface Connection {
  readonly socket: TLSSocket
  /** The time of the request in flight; null without one. */
  sentAt: number | null
  received: string
}

const { FLOOD_CERTIFICATE: ca = '', FLOOD_PORT: port = '', FLOOD_CONNECTIONS = '' } = process.env
const tokens = createTokens()
const garbage = createGarbage()
const times = new Map<number, number[]>()
const free: Connection[] = []
// Distinct from the tokens of the observer.
let count = 2 ** 40
let broken = 0
let letIn = 0

function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n')
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(answer)?.[1]
  return end > 0 && Buffer.byteLength(answer.slice(end + 4)) >= Number(length ?? 0)
}

function open(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect({ port: Number(port), host: '127.0.0.1', servername: 'localhost', ca }, resolve)
  const connection: Connection = { socket, sentAt: null, received: '' }
  socket.setNoDelay(true)
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    connection.received += text
    if (connection.sentAt === null || !isWhole(connection.received)) return
    const status = Number(connection.received.slice(9, 12))
    if (connection.received.includes('"authenticated":true')) letIn += 1
    const list = times.get(status) ?? []
    list.push(performance.now() - connection.sentAt)
    times.set(status, list)
    connection.sentAt = null
    connection.received = ''
    free.push(connection)
  })
  socket.on('error', () => resolve())
  socket.once('close', () => {
    if (connection.sentAt !== null) broken += 1
    const at = free.indexOf(connection)
    if (at >= 0) free.splice(at, 1)
    if (process.connected) void open()
  })
  free.push(connection)
  return promise
}

function send(connection: Connection, token: string): void {
  const body = REVIEW[0] + token + REVIEW[1]
  connection.sentAt = performance.now()
  connection.socket.write(
    `POST /authenticate HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
}

/** Sends for a time. Due requests are not sent while no connection is free. */
async function flood(
  perSecond: number,
  seconds: number,
  nextToken: (count: number) => string,
): Promise<Record<string, number>> {
  times.clear()
  broken = 0
  letIn = 0
  const startedAt = performance.now()
  let [sent, due] = [0, 0]
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const passed = (performance.now() - startedAt) / 1000
      const dueNow = Math.floor(Math.min(passed, seconds) * perSecond)
      for (; due < dueNow; due += 1) {
        const connection = free.shift()
        if (connection === undefined) continue
        send(connection, nextToken((count += 1)))
        sent += 1
      }
      if (passed < seconds) return
      clearInterval(timer)
      resolve()
    }, TICK_MS)
  })
  const sentSeconds = (performance.now() - startedAt) / 1000
  const answered = (): number => [...times.values()].reduce((sum, { length }) => sum + length, 0)
  const patience = performance.now() + 5000
  while (answered() + broken < sent && performance.now() < patience)
    await new Promise((resolve) => setTimeout(resolve, 5))
  const [accepted, turnedAway] = [times.get(200) ?? [], times.get(429) ?? []]
  return {
    sentSeconds,
    sent,
    letIn,
    accepted: accepted.length,
    acceptedP99: quantile(accepted, 0.99),
    turnedAway: turnedAway.length,
    turnedAwayMedian: quantile(turnedAway, 0.5),
    turnedAwayP99: quantile(turnedAway, 0.99),
    failed: sent - accepted.length - turnedAway.length,
  }
}

async function obey(message: unknown): Promise<void> {
  if (!isRecord(message)) return
  const nextToken = message['garbage'] === true ? garbage : tokens
  process.send?.(await flood(Number(message['perSecond']), Number(message['seconds']), nextToken))
}

process.on('message', (message) => void obey(message))
process.on('disconnect', () => process.exit(0))
// A few at a time, because handshakes are not measured here.
for (let opened = 0; opened < Number(FLOOD_CONNECTIONS); opened += 10)
  await Promise.all(Array.from({ length: 10 }, open))
process.send?.({})
