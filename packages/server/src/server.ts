import { setTimeout as sleep } from 'node:timers/promises'
import type { KeyPair } from '@aws-iam-authenticator/init/pair/certificate'
import { assemble, type Parts } from './assemble.ts'
import { startHealthServer } from './http/health.ts'
import { startMetricsServer } from './http/metrics-server.ts'
import type { PlainServer } from './http/plain-server.ts'
import type { ServerSettings, ServerSurroundings } from './settings.ts'
import { checkKubeconfigTrust } from './tls/kubeconfig-trust.ts'
import { followCertificate, type CertificateFollower } from './tls/serving-certificate.ts'

/** The longest time that a stop waits for requests in flight, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000

/** A server that listens. */
export interface RunningServer {
  readonly port: number
  /** Opens the audit log again, after its file was renamed; does nothing if there is none. */
  reopenAuditLog(): void
  /** Stops: closes the listener, then answers the requests in flight, within 5 s. */
  stop(): Promise<void>
}

/** The parts that exist only once the server listens. */
interface Listening {
  certificate?: CertificateFollower
  health?: PlainServer
  metrics?: PlainServer
}

async function stopServer(parts: Parts, listening: Listening, { aws, log }: ServerSurroundings): Promise<void> {
  const { backends, backendModeFile, operations, sts, jwt, webhook } = parts
  operations.stopping()
  const closed = webhook.close()
  const givenUp = await Promise.race([closed.then(() => false), sleep(STOP_TIMEOUT_MS, true, { ref: false })])
  sts.stop()
  if (givenUp) log.warn('requests are given up without an answer', { requests: webhook.unanswered() })
  await Promise.all([listening.certificate?.stop(), backendModeFile?.stop()])
  await Promise.all([listening.health?.close(), listening.metrics?.close()])
  await Promise.all([aws.destroy(), jwt?.stop(), backends.stop(), operations.stop()])
}

/** Follows the TLS pair, and serves each new one. */
function serveCertificate(
  pair: KeyPair,
  { files, operations, webhook }: Parts,
  settings: ServerSettings,
  { log, now }: ServerSurroundings,
): CertificateFollower {
  const certificate = followCertificate({
    ...files,
    pair,
    log,
    now,
    onExpiry: operations.certificateExpires,
    onReplaced: async (next, before) => {
      const openClients = webhook.usePair(next)
      log.info('took over the new TLS pair', { stateDir: settings.stateDir })
      operations.certificateReplaced(await checkKubeconfigTrust(next, before, { ...settings, log }), openClients)
    },
  })
  operations.serves(certificate)
  certificate.start()
  return certificate
}

/**
 * Starts the webhook server. It writes neither the TLS pair nor the webhook kubeconfig before it listens.
 *
 * @throws {FileError} The TLS pair or the webhook kubeconfig can't be read or written.
 * @throws {ConfigurationError} A backend has no API server.
 */
export async function startServer(settings: ServerSettings, surroundings: ServerSurroundings): Promise<RunningServer> {
  const { log } = surroundings
  const { clusterId, partition, address, metricsAddress } = settings
  const parts = await assemble(settings, surroundings)
  const { backends, files, operations, registry, webhook } = parts
  const listening: Listening = {}
  const stop = (): Promise<void> => stopServer(parts, listening, surroundings)
  try {
    const port = await webhook.listen(address, settings.port)
    const pair = await files.write()
    webhook.usePair(pair)
    listening.certificate = serveCertificate(pair, parts, settings, surroundings)
    listening.health = await startHealthServer(settings.healthAddress, operations.checks, log)
    if (metricsAddress !== null) listening.metrics = await startMetricsServer(metricsAddress, registry, log)
    log.info('listening', {
      url: `https://${address.includes(':') ? `[${address}]` : address}:${port}/authenticate`,
      clusterid: clusterId,
      partition: partition.id,
      backends: backends.current().map((backend) => backend.snapshot().mode),
    })
    return { port, reopenAuditLog: operations.reopenAuditLog, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
