import type { Partition } from '@aws-iam-authenticator/core/aws/partition'
import type { WebIdentitySettings } from '@aws-iam-authenticator/core/configuration/web-identity-settings'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import type { Dispatcher } from 'undici'
import { createRemembered } from '../sts/remembered.ts'
import type { Timing } from '../util/timing.ts'
import { createJwtVerifier, type RememberedJwt, type VerifyJwt } from './jwt-verifier.ts'
import { createKeySource, type KeysReport } from '../jwt/key-source.ts'

interface JwtLoginOptions {
  readonly settings: WebIdentitySettings
  readonly clusterId: string
  readonly partition: Partition
  readonly dispatcher: Dispatcher
  readonly userAgent: string
  /** How long a verified JWT is cached, in milliseconds; 0 disables the cache. */
  readonly tokenCacheTtlMs: number
  readonly log: Log
  readonly now: () => Date
  readonly timing: Timing
  /** Called for each cache hit. */
  readonly onRecalled: () => void
  readonly onKeysRead: (issuer: string, succeeded: boolean) => void
}

/** Verifies AWS-signed JWTs with the keys of their issuers, which it keeps up to date. */
export interface JwtLogin {
  readonly verify: VerifyJwt
  readonly report: () => readonly KeysReport[]
  /** Starts to read keys, in the background. */
  readonly start: () => void
  readonly stop: () => Promise<void>
}

export function createJwtLogin(options: JwtLoginOptions): JwtLogin {
  const { settings, timing, tokenCacheTtlMs, onRecalled, onKeysRead: onRead } = options
  const keys = new Map(settings.issuers.map((issuer) => [issuer.url, createKeySource({ ...options, issuer, onRead })]))
  const sources = [...keys.values()]
  const remembered = createRemembered<RememberedJwt>(timing.now, onRecalled)
  return {
    verify: createJwtVerifier({ ...options, keys, memory: { remembered, ttlMs: tokenCacheTtlMs } }),
    report: () => sources.map((source) => source.report()),
    start: () => sources.forEach((source) => source.start()),
    stop: async () => {
      await Promise.all(sources.map((source) => source.stop()))
    },
  }
}
