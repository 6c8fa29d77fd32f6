import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startConnectProxy, type ConnectProxyOptions, type ConnectRequest } from '../proxy/connect-proxy.ts'
import { createAuthority, type Authority } from '../tls/authority.ts'
import type { Identity, Role } from './account.ts'
import { createEc2, type Ec2 } from './ec2.ts'
import { createFaults, type Faults } from './faults.ts'
import type { Organization } from './get-web-identity-token.ts'
import { isAwsHost } from './hosts.ts'
import { createIssuers, type Issuers } from './issuers.ts'
import { requestListener } from './listener.ts'
import { createSts, type Sts } from './sts.ts'
import { dispatchByHost, type Handler, type Route } from './wire.ts'

/** The content of the fake AWS. */
export interface SandboxAwsOptions {
  /** By access key id. */
  readonly identities?: ReadonlyMap<string, Identity>
  /** By ARN. */
  readonly roles?: ReadonlyMap<string, Role>
  /** By account. */
  readonly organizations?: ReadonlyMap<string, Organization>
  /** More services, each with the hosts it serves. */
  readonly routes?: readonly Route[]
  /** The credentials that the proxy requires. */
  readonly proxyCredentials?: NonNullable<ConnectProxyOptions['credentials']>
  /** The time of the services. Default: the real one. Certificates always use the real time. */
  readonly now?: () => Date
}

/** The fake AWS in one process: no socket, no certificate. */
export interface InProcessAws {
  readonly sts: Sts
  readonly ec2: Ec2
  /** The issuers of JWTs, by account. */
  readonly issuers: Issuers
  readonly faults: Faults
  /** Answers for every host. */
  readonly handle: Handler
}

/** The fake AWS behind TLS and a proxy, for other processes. */
export interface SandboxAws extends InProcessAws {
  /** The certificate of the authority of every host, PEM. */
  readonly ca: string
  /** The same in a file. */
  readonly caFile: string
  readonly proxyUrl: string
  readonly proxyRequests: readonly ConnectRequest[]
  /** The TLS port on 127.0.0.1, for clients that choose the server name. */
  readonly port: number
  /** The environment for a child process: HTTPS_PROXY and SSL_CERT_FILE. */
  readonly environment: Readonly<Record<'HTTPS_PROXY' | 'SSL_CERT_FILE', string>>
  /** Cuts all connections, and removes the certificate's file. */
  close(): Promise<void>
}

/** Creates the fake AWS without serving it. */
export function createSandboxAws(options: SandboxAwsOptions = {}): InProcessAws {
  const faults = createFaults()
  const now = options.now ?? (() => new Date())
  const issuers = createIssuers()
  const sts = createSts({
    identities: new Map(options.identities),
    roles: new Map(options.roles),
    federation: { issuers, disabledAccounts: new Set(), organizations: new Map(options.organizations) },
    faults,
    now,
  })
  const ec2 = createEc2({ identities: sts.identities, faults, now })
  return { sts, ec2, faults, issuers, handle: dispatchByHost([sts, ec2, issuers, ...(options.routes ?? [])]) }
}

/** Starts the fake AWS on 127.0.0.1, with its own authority and proxy. */
export async function startSandboxAws(options: SandboxAwsOptions = {}): Promise<SandboxAws> {
  const aws = createSandboxAws(options)
  const authority = createAuthority()
  const server = createTlsServer(authority, aws.handle)
  const port = await listen(server)
  const proxy = await startConnectProxy({
    route: (host, wantedPort) => (wantedPort === 443 && isAwsHost(host) ? port : undefined),
    ...(options.proxyCredentials === undefined ? {} : { credentials: options.proxyCredentials }),
  })
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-aws-'))
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, authority.pem)
  return {
    ...aws,
    ca: authority.pem,
    caFile,
    proxyUrl: proxy.url,
    proxyRequests: proxy.requests,
    port,
    environment: { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: caFile },
    async close() {
      await proxy.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      await rm(folder, { recursive: true })
    },
  }
}

function createTlsServer(authority: Authority, handle: Handler): Server {
  return createServer(
    {
      SNICallback: (host, callback) => {
        callback(null, authority.secureContext(host))
      },
    },
    requestListener(handle),
  )
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('the server listens on no port')
  return address.port
}
