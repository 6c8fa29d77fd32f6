import type { Answer, Route, WireRequest } from './wire.ts'

/** Credentials from IAM Identity Center. */
export interface SsoCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
}

export interface SsoOptions {
  /** The credentials for a person's account and role; undefined without an assignment. */
  readonly open: (person: string, accountId: string, roleName: string) => SsoCredentials | undefined
}

/** The fake IAM Identity Center: its portal and its token service, in every region. */
export interface Sso extends Route {
  /** The sessions by access token. Tests may change them at any time. */
  readonly sessions: Map<string, string>
  /** The sessions by refresh token. */
  readonly refreshTokens: Map<string, string>
  /** The requests so far, by method and path. */
  readonly requests: readonly string[]
}

const PORTAL = /^portal\.sso\.[a-z0-9-]+\.amazonaws\.com$/
const OIDC = /^oidc\.[a-z0-9-]+\.amazonaws\.com$/
const HOUR_SECONDS = 3600

/**
 * Creates an IAM Identity Center with GetRoleCredentials, and the renewal of a session by CreateToken.
 *
 * @see https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
 * @see https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
 */
export function createSso({ open }: SsoOptions): Sso {
  const sessions = new Map<string, string>()
  const refreshTokens = new Map<string, string>()
  const requests: string[] = []

  function getRoleCredentials({ headers, query }: WireRequest): Answer {
    const person = sessions.get(headers.get('x-amz-sso_bearer_token') ?? '')
    if (person === undefined) return failure(401, 'UnauthorizedException', 'Session token not found or invalid')
    const parameters = new URLSearchParams(query)
    const credentials = open(person, parameters.get('account_id') ?? '', parameters.get('role_name') ?? '')
    if (credentials === undefined) return failure(403, 'ForbiddenException', 'No access')
    return json(200, { roleCredentials: { ...credentials, expiration: credentials.expiration.getTime() } })
  }

  function createToken({ body }: WireRequest): Answer {
    const form: unknown = JSON.parse(body)
    const token = typeof form === 'object' && form !== null && 'refreshToken' in form ? form.refreshToken : undefined
    const person = typeof token === 'string' ? refreshTokens.get(token) : undefined
    if (person === undefined) return failure(400, 'InvalidGrantException', 'Invalid refresh token provided')
    const accessToken = `renewed-${sessions.size}`
    sessions.set(accessToken, person)
    return json(200, { accessToken, expiresIn: HOUR_SECONDS, refreshToken: token, tokenType: 'Bearer' })
  }

  return {
    sessions,
    refreshTokens,
    requests,
    matches: (host) => PORTAL.test(host) || OIDC.test(host),
    handle(request) {
      const { method, path } = request
      requests.push(`${method} ${path}`)
      if (path === '/federation/credentials') return Promise.resolve(getRoleCredentials(request))
      if (path === '/token') return Promise.resolve(createToken(request))
      return Promise.resolve(failure(404, 'ResourceNotFoundException', 'no such operation'))
    },
  }
}

function failure(status: number, type: string, message: string): Answer {
  const { body, headers } = json(status, { message })
  return { status, headers: { ...headers, 'x-amzn-errortype': type }, body }
}

function json(status: number, value: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}
