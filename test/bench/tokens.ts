/** The identity that the bench's STS returns for everyone. */
export const BENCH_USER = 'arn:aws:iam::111122223333:user/bench'

/** The answer of the bench's STS. */
export const STS_ANSWER: string = JSON.stringify({
  GetCallerIdentityResponse: {
    GetCallerIdentityResult: { Account: '111122223333', Arn: BENCH_USER, UserId: 'AIDABENCHBENCHBENCH00' },
    ResponseMetadata: { RequestId: '00000000-0000-0000-0000-000000000000' },
  },
})

function entry(arn: string, username: string): string {
  return `- userarn: ${arn}\n  username: ${username}\n  groups:\n  - team\n`
}

/** `mapUsers` of about this number of bytes: the bench's user comes last, after others with similar names. */
export function usersOf(username: string, bytes: number, others: string): string {
  const last = entry(BENCH_USER, username)
  const parts: string[] = []
  for (let length = last.length, index = 0; length < bytes; index += 1) {
    const text = entry(`arn:aws:iam::111122223333:user/user-${index}`, `${others}-${index}`)
    parts.push(text)
    length += text.length
  }
  return [...parts, last].join('')
}

/** The presigned URL without the end of its signature: a multiple of three bytes, so that base64 can be joined from parts. */
function prefix(): string {
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const start =
    'https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256' +
    `&X-Amz-Credential=AKIABENCHBENCHBENCH0%2F${date.slice(0, 8)}%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=${date}` +
    '&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id'
  // The access key id, which may have any length, is padded to the multiple.
  const rest = (start.length + '&X-Amz-Signature='.length + 52) % 3
  return `${start.replace('BENCH0%2F', `BENCH${'0'.repeat(1 + ((3 - rest) % 3))}%2F`)}&X-Amz-Signature=${'0'.repeat(52)}`
}

/** The text before and after the token in a TokenReview. */
export const REVIEW: readonly [string, string] = [
  '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"',
  '"}}',
]

/** Makes distinct tokens with invented signatures. The bench's STS does not check them. */
export function createTokens(): (count: number) => string {
  const start = `k8s-aws-v1.${Buffer.from(prefix()).toString('base64url')}`
  return (count) => start + Buffer.from(count.toString(16).padStart(12, '0')).toString('base64url')
}

function tokenOf(url: string, count: number): string {
  return `k8s-aws-v1.${Buffer.from(`${url}${count.toString(16).padStart(12, '0')}`).toString('base64url')}`
}

/** Makes distinct invalid tokens: in turn foreign, malformed, for another host, and too old. */
export function createGarbage(): (count: number) => string {
  const start = prefix()
  const elsewhere = start.replace('sts.us-east-1.amazonaws.com', 'sts.us-east-1.amazonaws.com.example.org')
  const old = start.replaceAll(/X-Amz-Date=\d{8}/g, 'X-Amz-Date=20200101')
  const claims = Buffer.from('{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:default:default"}')
  const kinds = [
    (count: number) => `eyJhbGciOiJSUzI1NiJ9.${claims.toString('base64url')}.${'A'.repeat(300)}${count}`,
    (count: number) => `${tokenOf(start, count)}=!`,
    (count: number) => tokenOf(elsewhere, count),
    (count: number) => tokenOf(old, count),
  ]
  return (count) => kinds[count % kinds.length]?.(count) ?? ''
}

/** A wrk script that sends TokenReviews with distinct tokens, or always the same. */
export function wrkScript(different: boolean): string {
  const tokens = createTokens()
  return `
local start = '${REVIEW[0]}${tokens(0).slice(0, -16)}'
local alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
local parts = {}
for n = 0, 4095 do
  local hex = string.format('%03x', n)
  local bits = hex:byte(1) * 65536 + hex:byte(2) * 256 + hex:byte(3)
  local text = ''
  for _, unit in ipairs({262144, 4096, 64, 1}) do
    local index = math.floor(bits / unit) % 64
    text = text .. alphabet:sub(index + 1, index + 1)
  end
  parts[n] = text
end
local threads = 0
function setup(thread) thread:set('id', threads); threads = threads + 1 end
local count = 0
wrk.method = 'POST'
wrk.headers['content-type'] = 'application/json'
function request()
  ${different ? 'count = count + 1' : ''}
  local body = start .. parts[id] .. parts[math.floor(count / 16777216) % 4096] .. parts[math.floor(count / 4096) % 4096] .. parts[count % 4096] .. '${REVIEW[1]}'
  return wrk.format(nil, '/authenticate', nil, body)
end
`
}
