import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jwtClaims } from '@aws-iam-authenticator/sandbox/aws/jwt-claims'
import { createTokenIssuer, type SigningAlgorithm } from '@aws-iam-authenticator/sandbox/aws/token-issuer'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { startProgram, type Scope } from './children.ts'
import { PRODUCT } from './commands.ts'
import type { Figure } from './results.ts'
import { createTokens, REVIEW } from './tokens.ts'
import { mean, startWebhook, wrk } from './webhook.ts'

const SECTION = 'jwt'
const CONNECTIONS = 50
const TURN_SECONDS = 2
/** Fewer than the server remembers. */
const FEW = 1_000
/** Far more than the server remembers, so that each signature is checked each time. */
const MANY = 8_000
const ACCOUNT = '111122223333'

/** A wrk script that sends TokenReviews with these tokens in turn. */
function rotate(tokens: readonly string[]): string {
  return `
local tokens = {${tokens.map((token) => `'${token}'`).join(',\n')}}
local count = 0
wrk.method = 'POST'
wrk.headers['content-type'] = 'application/json'
function request()
  count = count % #tokens + 1
  return wrk.format(nil, '/authenticate', nil, '${REVIEW[0]}' .. tokens[count] .. '${REVIEW[1]}')
end
`
}

function list(count: number, make: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

/** The logins with JWTs per second, beside those with presigned tokens that are remembered. */
export async function measureJwt(scope: Scope, seconds: number): Promise<Figure[]> {
  const folder = temporaryFolder(scope)
  const upstream = await startProgram(scope, 'upstream', ['0'])
  const issuer = createTokenIssuer('11111111-2222-3333-4444-555555555555')
  const jwks = join(folder, 'jwks.json')
  writeFileSync(jwks, issuer.jwks())
  const sign = (count: number, algorithm: SigningAlgorithm): string => {
    const sub = `arn:aws:iam::${ACCOUNT}:role/Role-${count}`
    return issuer.sign(jwtClaims({ issuer: issuer.url, audience: 'bench', sub, now: new Date() }), algorithm)
  }
  const presigned = createTokens()
  const scripts = new Map<string, readonly string[]>([
    [`${FEW} presigned tokens, remembered`, list(FEW, presigned)],
    [`${FEW} JWTs, remembered`, list(FEW, (count) => sign(count, 'ES384'))],
    ['different JWTs, ES384', list(MANY, (count) => sign(count, 'ES384'))],
    ['different JWTs, RS256', list(MANY, (count) => sign(count, 'RS256'))],
  ])
  for (const [name, tokens] of scripts) writeFileSync(join(folder, `${name}.lua`), rotate(tokens))
  const configuration =
    `  mapAccounts: ["${ACCOUNT}"]\n  webIdentity:\n    issuers:\n` +
    `      - {url: "${issuer.url}", accounts: ["${ACCOUNT}"], jwksFile: "${jwks}"}\n`
  const figures: Figure[] = []
  for (const [runtime, command] of PRODUCT) {
    const webhook = await startWebhook(scope, command, upstream.environment, configuration)
    const rates = new Map([...scripts.keys()].map((name) => [name, [] as number[]]))
    const turn = (name: string, forSeconds: number): number =>
      wrk(webhook, join(folder, `${name}.lua`), CONNECTIONS, forSeconds)
    for (let done = 0; done < seconds; done += TURN_SECONDS) {
      for (const [name, measured] of rates) {
        // The tokens of the other turns have displaced those of this one.
        turn(name, TURN_SECONDS)
        measured.push(turn(name, TURN_SECONDS))
      }
    }
    await webhook.stop()
    const how = `wrk, ${CONNECTIONS} connections, ${seconds} s in turns of ${TURN_SECONDS} s with the others, each after ${TURN_SECONDS} s`
    for (const [name, measured] of rates) {
      figures.push({ section: SECTION, name, runtime, value: mean(measured), unit: '/s', how })
    }
    const [base = [], few = [], elliptic = [], rsa = []] = [...rates.values()]
    const ratio = (name: string, measured: readonly number[], least?: number): void => {
      const target = least === undefined ? {} : { target: { least } }
      const value = mean(measured) / mean(base)
      figures.push({ section: SECTION, name, runtime, value, unit: 'ratio', how: 'divided', ...target })
    }
    ratio('JWTs / presigned tokens, remembered', few, 0.7)
    ratio('different JWTs, ES384 / presigned tokens, remembered', elliptic)
    ratio('different JWTs, RS256 / presigned tokens, remembered', rsa)
  }
  return figures
}
