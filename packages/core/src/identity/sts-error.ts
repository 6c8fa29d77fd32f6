import { Refusal, type ReasonCode } from '../errors/reasons.ts'

// Codes of the STS API (API reference, "Common Errors"). A signature expires by its date, or with the session credentials that made it.
const BY_CODE: ReadonlyMap<string, readonly [ReasonCode, string]> = new Map([
  [
    'SignatureDoesNotMatch',
    [
      'bad_signature',
      'the signature is not valid for this cluster: the token is for another cluster ID, or was signed with a wrong secret key',
    ],
  ],
  [
    'InvalidClientTokenId',
    ['unknown_key', 'the access key does not exist, is inactive, or belongs to another partition'],
  ],
  ['ExpiredToken', ['expired', 'the session credentials that signed the token have expired']],
  ['ExpiredTokenException', ['expired', 'the session credentials that signed the token have expired']],
  ['RequestExpired', ['expired', 'the signature is too old']],
] as const)

const SAFE_CODE = /^[A-Za-z0-9.]{1,64}$/
const CODE = /<Code>([^<]*)<\/Code>|"Code"\s*:\s*"([^"]*)"/

/** The error code in an error answer of STS in JSON or XML. Null if there is none that is safe to show. */
function errorCode(body: string): string | null {
  const match = CODE.exec(body)
  const code = match?.[1] ?? match?.[2] ?? ''
  return SAFE_CODE.test(code) ? code : null
}

/**
 * The refusal for an answer of STS whose status is not 200.
 *
 * Only the code of the answer is shown, because its message can contain parts of the signed request.
 */
export function refusalOfStsError(status: number, body: string): Refusal {
  const code = errorCode(body)
  const said = code === null ? `status ${status}` : `status ${status}, ${code}`
  if (body.includes('Throttling') || status === 429) return new Refusal('sts_throttled', said)
  if (status >= 500) return new Refusal('sts_unreachable', `${said}: STS failed on its side`)
  if (status < 400) return new Refusal('sts_bad_answer', `${said}: STS never redirects`)
  // STS reports a URL older than 15 minutes with the code of a wrong signature. Only the text of the answer differs.
  if (code === 'SignatureDoesNotMatch' && body.includes('Signature expired')) {
    return new Refusal('expired', `${said}: the signature is too old`)
  }
  if (code === 'SignatureDoesNotMatch' && body.includes('Signature not yet current')) {
    return new Refusal('clock_ahead', `${said}: the client's clock is ahead of that of AWS`)
  }
  const known = code === null ? undefined : BY_CODE.get(code)
  if (known !== undefined) return new Refusal(known[0], `${said}: ${known[1]}`)
  // Every error of STS has a code. This answer comes from a host between this server and STS, so it does not decide about the token.
  if (code === null) return new Refusal('sts_bad_answer', `${said}: the answer is not one of STS`)
  return new Refusal('sts_refused', said)
}
