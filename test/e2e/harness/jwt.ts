import { writeFileSync } from 'node:fs'
import type { Test } from 'tap'
import { identities, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { jwtClaims, type JwtClaims } from '@aws-iam-authenticator/sandbox/aws/jwt-claims'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { createTokenIssuer, type TokenIssuer } from '@aws-iam-authenticator/sandbox/aws/token-issuer'
import { CLUSTER_ID } from './webhook.ts'

export const ACCOUNT = '111122223333'
/** A role with a path. Its entry has none. */
export const ADMIN: string = `arn:aws:iam::${ACCOUNT}:role/team/Admin`

/** The fake AWS with two issuers of JWTs, of which the configuration trusts one. */
export interface JwtSandbox {
  readonly aws: SandboxAws
  readonly issuer: TokenIssuer
  readonly stranger: TokenIssuer
  /** Signs the claims of a principal's JWT for the cluster, now. */
  readonly sign: (sub?: string, aws?: JwtClaims) => string
}

export async function startJwtSandbox(t: Test): Promise<JwtSandbox> {
  const issuer = createTokenIssuer('11111111-2222-3333-4444-555555555555')
  const stranger = createTokenIssuer('99999999-2222-3333-4444-555555555555')
  const aws = await startSandboxAws({ identities, roles, routes: [issuer, stranger] })
  t.teardown(() => aws.close())
  const sign = (sub = ADMIN, claims: JwtClaims = {}): string =>
    issuer.sign(jwtClaims({ issuer: issuer.url, audience: CLUSTER_ID, sub, now: new Date(), aws: claims }))
  return { aws, issuer, stranger, sign }
}

/** A configuration that trusts the issuer and maps the role. More keys of `server` can be appended. */
export function jwtConfiguration({ url }: TokenIssuer, jwksFile?: string): string {
  return `clusterID: ${CLUSTER_ID}
server:
  webIdentity:
    issuers:
      - url: ${url}
        accounts: ["${ACCOUNT}"]
${jwksFile === undefined ? '' : `        jwksFile: ${jwksFile}\n`}  mapRoles:
    - rolearn: arn:aws:iam::${ACCOUNT}:role/Admin
      username: admin
      groups: [system:masters]
`
}

/** Writes the keys that an issuer publishes now. */
export function writeKeys(path: string, issuer: TokenIssuer): void {
  writeFileSync(path, issuer.jwks())
}
