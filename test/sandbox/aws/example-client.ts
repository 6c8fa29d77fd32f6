import { presign, signHeaders, encodeQuery, type Signer, type Unsigned } from './sign.ts'
import { hostName, type WireRequest } from './wire.ts'
import { USER, USER_KEY_ID } from './example-account.ts'
import { parseStsHost } from './hosts.ts'

/** An STS call of the example user, for a handler or an HTTP client. */
export interface CallOptions {
  /** Default: GET with a presigned query string. */
  readonly method?: 'GET' | 'POST'
  readonly host?: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces the user's key, the host's region and the present time. */
  readonly signer?: Partial<Signer>
}

/** Signs a call: in the query string for GET, in a header for POST. */
export function stsCall(options: CallOptions = {}): WireRequest {
  const { method = 'GET', host = 'sts.eu-central-1.amazonaws.com' } = options
  const parameters = Object.entries({ Action: 'GetCallerIdentity', Version: '2011-06-15', ...options.parameters })
  const signer = { ...userSigner(host), ...options.signer }
  const headers = new Map(Object.entries(options.headers ?? {}))
  const common = { method, host, path: '/', signal: new AbortController().signal }
  if (method === 'GET') {
    const unsigned: Unsigned = { ...common, query: parameters, headers, body: '' }
    return { ...common, query: presign(unsigned, signer), headers: headers.set('host', host), body: '' }
  }
  headers.set('content-type', 'application/x-www-form-urlencoded')
  const unsigned: Unsigned = { ...common, query: [], headers, body: encodeQuery(parameters) }
  return { ...unsigned, ...common, query: '', headers: signHeaders(unsigned, signer) }
}

function userSigner(host: string): Signer {
  return {
    accessKeyId: USER_KEY_ID,
    secretAccessKey: USER.secretAccessKey,
    region: parseStsHost(hostName(host))?.region ?? 'us-east-1',
    service: 'sts',
    date: new Date(),
  }
}
