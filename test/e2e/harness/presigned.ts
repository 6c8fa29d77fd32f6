import { presign, type Signer } from '@aws-iam-authenticator/sandbox/aws/sign'

const PREFIX = 'k8s-aws-v1.'

/** The inputs of a presigned URL for a token. */
export interface PresignedUrl extends Omit<Signer, 'service'> {
  readonly host: string
  readonly clusterId: string
}

/** The URL in a token. */
export function urlOf(token: string): string {
  if (!token.startsWith(PREFIX)) throw new TypeError('no token')
  return Buffer.from(token.slice(PREFIX.length), 'base64url').toString('latin1')
}

/** Presigns GetCallerIdentity for a cluster, with the sandbox's own implementation of Signature Version 4. */
export function presignedUrl({ host, clusterId, ...signer }: PresignedUrl): string {
  const query = presign(
    {
      method: 'GET',
      host,
      path: '/',
      query: [
        ['Action', 'GetCallerIdentity'],
        ['Version', '2011-06-15'],
      ],
      headers: new Map([['x-k8s-aws-id', clusterId]]),
      body: '',
    },
    { ...signer, service: 'sts' },
  )
  return `https://${host}/?${query}`
}

/** The token of a URL. */
export function tokenOfUrl(url: string): string {
  return PREFIX + Buffer.from(url, 'latin1').toString('base64url')
}

/** The parameters of a query string, percent-encoded as they are. */
export function rawParameters(url: string): ReadonlyMap<string, string> {
  const query = url.slice(url.indexOf('?') + 1)
  return new Map(
    query.split('&').map((part) => {
      const equals = part.indexOf('=')
      return [part.slice(0, equals), part.slice(equals + 1)]
    }),
  )
}

/** The instant of X-Amz-Date. */
export function signingDate(url: string): Date {
  const basic = rawParameters(url).get('X-Amz-Date') ?? ''
  return new Date(basic.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}
