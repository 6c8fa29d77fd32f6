import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import type { TokenPolicy } from '@aws-iam-authenticator/core/token/presigned-url'
import type { GoodToken } from './token-row.ts'

const REGION = 'us-west-2'
const NOW = new Date('2026-03-01T12:00:00Z')
const SIGNED_AT = new Date('2026-03-01T11:58:30Z')
const ACCESS_KEY_ID = 'ASIAIOSFODNN7EXAMPLE'

const parameters = [
  'Action=GetCallerIdentity',
  'Version=2011-06-15',
  'X-Amz-Algorithm=AWS4-HMAC-SHA256',
  `X-Amz-Credential=${ACCESS_KEY_ID}%2F20260301%2F${REGION}%2Fsts%2Faws4_request`,
  'X-Amz-Date=20260301T115830Z',
  'X-Amz-Expires=60',
  'X-Amz-Security-Token=RXhhbXBsZVNlc3Npb25Ub2tlbg%3D%3D',
  'X-Amz-SignedHeaders=host%3Bx-k8s-aws-id',
  `X-Amz-Signature=${'0123456789abcdef'.repeat(4)}`,
]

/** A policy for partition aws at a fixed time, in the server's own region. */
export function policyOf(partitionId = 'aws', serverRegion: string | null = null): TokenPolicy {
  const partition = findPartition(partitionId)
  if (partition === undefined) throw new TypeError(`no partition ${partitionId}`)
  return { partition, serverRegion, now: NOW }
}

/** A well-formed token under that policy. Its signature is invalid, which only STS would detect. */
export function goodToken(host = `sts.${REGION}.amazonaws.com`): GoodToken & { readonly accessKeyId: string } {
  const query = parameters.join('&')
  return { url: `https://${host}/?${query}`, host, query, signedAt: SIGNED_AT, accessKeyId: ACCESS_KEY_ID }
}
