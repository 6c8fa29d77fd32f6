import { appending, replacing, valueOf, withQuery, type GoodToken, type TokenRow } from './token-row.ts'

const MINUTE_MS = 60_000

/** An instant in the format of X-Amz-Date. */
function basic(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

type Make = (good: GoodToken) => string

const malformed = (name: string, make: Make): TokenRow => ({ name, make, reason: 'malformed_token' })
const passes = (name: string, make: Make): TokenRow => ({ name, make, passesToSts: true })

/** Rows that replace a parameter's value. */
const values = (parameter: string, rows: readonly (readonly [string, string | ((value: string) => string)])[]) =>
  rows.map(([name, value]) =>
    malformed(`${parameter}: ${name}`, (good) => {
      const text = typeof value === 'string' ? value : value(valueOf(good, parameter))
      return replacing(good, parameter, `${parameter}=${text}`)
    }),
  )

const EVERY_PARAMETER = [
  'Action',
  'Version',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
]

const repeats: TokenRow[] = [
  ...EVERY_PARAMETER.flatMap((name) => [
    malformed(`repeated: ${name}`, (good) => appending(good, `&${name}=${valueOf(good, name)}`)),
    malformed(`repeated in lower case: ${name}`, (good) => appending(good, `&${name.toLowerCase()}=x`)),
    malformed(`repeated in upper case, first: ${name}`, (good) =>
      withQuery(good, `${name.toUpperCase()}=x&${good.query}`),
    ),
  ]),
  malformed('repeated in mixed case: the credential', (good) =>
    appending(good, '&x-aMz-cReDeNtIaL=AKIAANOTHEREXAMPLE1%2F20260301%2Fus-west-2%2Fsts%2Faws4_request'),
  ),
  malformed('repeated with a percent-encoded letter', (good) => appending(good, '&X-Amz-Credentia%6C=AKIAOTHER%2Fx')),
  malformed('repeated with a percent-encoded hyphen', (good) => appending(good, '&X-Amz%2DCredential=AKIAOTHER%2Fx')),
  malformed('repeated with a wholly percent-encoded name', (good) => appending(good, '&%41%63%74%69%6f%6e=AssumeRole')),
  malformed('repeated with a plus sign in the name', (good) => appending(good, '&+Action=AssumeRole')),
  malformed('repeated with a space in the name', (good) => appending(good, '&Action%20=AssumeRole')),
  malformed('repeated with a NUL in the name', (good) => appending(good, '&Action%00=AssumeRole')),
  malformed('repeated with brackets', (good) => appending(good, '&Action[]=AssumeRole')),
  malformed('repeated without a value', (good) => appending(good, '&Action')),
  malformed('repeated after a semicolon', (good) => appending(good, ';Action=AssumeRole')),
  malformed('repeated after a semicolon, first', (good) => withQuery(good, `Action=AssumeRole;${good.query}`)),
  malformed('repeated after a newline', (good) => appending(good, '\nAction=AssumeRole')),
  malformed('a Kelvin sign in a name', (good) => appending(good, '&X-Amz-To\u212aen=x')),
]

const separators: TokenRow[] = [
  malformed('a raw semicolon in SignedHeaders', (good) =>
    replacing(good, 'X-Amz-SignedHeaders', 'X-Amz-SignedHeaders=host;x-k8s-aws-id'),
  ),
  malformed('two ampersands', (good) => withQuery(good, good.query.replace('&', '&&'))),
  malformed('an ampersand first', (good) => withQuery(good, `&${good.query}`)),
  malformed('an ampersand last', (good) => appending(good, '&')),
  malformed('ampersands for entities', (good) => withQuery(good, good.query.replaceAll('&', '&amp;'))),
  malformed('an empty name', (good) => appending(good, '&=x')),
  malformed('an empty name and value', (good) => appending(good, '&=')),
  malformed('no query', (good) => withQuery(good, '')),
  malformed('a query mark alone', (good) => withQuery(good, '?')),
  malformed('semicolons alone', (good) => withQuery(good, ';'.repeat(8000))),
  malformed('ampersands alone', (good) => withQuery(good, '&'.repeat(8000))),
]

const unknown: TokenRow[] = [
  'RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FAdmin',
  'AWSAccessKeyId=AKIAOTHER',
  'Signature=x',
  'X-Amz-Content-Sha256=UNSIGNED-PAYLOAD',
  'X-Amz-Region-Set=*',
  'x-k8s-aws-id=other',
  '__proto__=x',
  'constructor=x',
  'toString=x',
  'X_Amz_Date=x',
].map((pair) => malformed(`unknown parameter: ${pair.split('=')[0]}`, (good) => appending(good, `&${pair}`)))

const missing: TokenRow[] = [
  ...['Action', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires', 'X-Amz-SignedHeaders'].map((name) =>
    malformed(`missing: ${name}`, (good) => replacing(good, name, null)),
  ),
  // STS refuses these itself. Some existing clients send tokens without a version.
  ...['Version', 'X-Amz-Algorithm', 'X-Amz-Signature'].map((name) =>
    passes(`missing: ${name}`, (good) => replacing(good, name, null)),
  ),
]

const badValues: TokenRow[] = [
  ...values('X-Amz-Signature', [
    ['a percent sign alone', '%'],
    ['half a percent-encoding', '%4'],
    ['a percent-encoding that is no hexadecimal', '%zz'],
    ['overlong UTF-8', '%C0%AF'],
    ['half of a UTF-8 sequence', '%E2%84'],
    ['a surrogate in UTF-8', '%ED%A0%80'],
    ['a byte that begins no UTF-8', '%FF'],
    ['a raw space', 'a b'],
  ]),
  ...values('Action', [
    ['another', 'AssumeRole'],
    ['in lower case', 'getcalleridentity'],
    ['empty', ''],
    ['a space after', 'GetCallerIdentity%20'],
    ['a plus sign after', 'GetCallerIdentity+'],
    ['a NUL after', 'GetCallerIdentity%00'],
    ['two in one', 'GetCallerIdentity%26Action=AssumeRole'],
    ['encoded twice', '%2547etCallerIdentity'],
    ['an equals sign before', '=GetCallerIdentity'],
  ]),
  ...values('Version', [
    ['another', '2010-05-08'],
    ['empty', ''],
    ['a space after', '2011-06-15%20'],
  ]),
  ...values('X-Amz-SignedHeaders', [
    ['empty', ''],
    ['host alone', 'host'],
    ['a longer name', 'host%3Bx-k8s-aws-id2'],
    ['a name before', 'host%3Bevil-x-k8s-aws-id'],
    ['underscores', 'host%3Bx_k8s_aws_id'],
    ['a space for the semicolon', 'host+x-k8s-aws-id'],
    ['a comma for the semicolon', 'host%2Cx-k8s-aws-id'],
    ['a space before the name', 'host%3B%20x-k8s-aws-id'],
    ['encoded twice', 'host%253Bx-k8s-aws-id'],
    ['a Kelvin sign for the k', 'host%3Bx-%E2%84%AA8s-aws-id'],
    ['a Cyrillic letter', 'host%3B%D1%85-k8s-aws-id'],
    ['a NUL after', 'host%3Bx-k8s-aws-id%00'],
  ]),
  ...values('X-Amz-Credential', [
    ['empty', ''],
    ['a slash first', (value) => `%2F${value}`],
    ['a slash alone', '%2F'],
    ['a space', 'AKIA%20EXAMPLE%2F20260301'],
    ['a plus sign', 'AKIA+EXAMPLE%2F20260301'],
    ['a newline', 'AKIAEXAMPLE%0A%2F20260301'],
    ['a NUL', 'AKIAEXAMPLE%00%2F20260301'],
    ['a template', '%7B%7BSessionName%7D%7D%2F20260301'],
    ['a colon', 'AKIA%3Aadmin%2F20260301'],
    ['a dot', '..%2F20260301'],
    ['a letter outside ASCII', 'AKIA%C3%89%2F20260301'],
    ['a slash encoded twice', (value) => value.replaceAll('%2F', '%252F')],
    ['a backslash for the slash', (value) => value.replaceAll('%2F', '%5C')],
    ['a key id longer than any', `${'A'.repeat(129)}%2F20260301`],
  ]),
  ...values('X-Amz-Security-Token', [
    ['bad percent-encoding', 'abc%'],
    ['raw letters outside ASCII', 'abc\u00e9'],
  ]),
]

const dates: TokenRow[] = [
  ...values('X-Amz-Date', [
    ['empty', ''],
    ['the 31st of April', '20260431T115830Z'],
    ['the 29th of February of a common year', '20260229T115830Z'],
    ['month 13', '20261301T115830Z'],
    ['month 0', '20260001T115830Z'],
    ['hour 24', '20260301T240000Z'],
    ['a leap second', '20260301T115860Z'],
    ['a lower-case t', (value) => value.replace('T', 't')],
    ['a lower-case z', (value) => value.replace('Z', 'z')],
    ['a fraction', (value) => value.replace('Z', '.000Z')],
    ['an offset', (value) => value.replace('Z', '%2B0000')],
    ['no zone', (value) => value.replace('Z', '')],
    ['no time', (value) => value.slice(0, 8)],
    [
      'ISO 8601 extended',
      (value) => value.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4%3A$5%3A$6Z'),
    ],
    ['seconds since 1970', (value) => String(value.length * 1e8)],
    ['a space after', (value) => `${value}%20`],
    ['a newline after', (value) => `${value}%0A`],
    ['Arabic-Indic digits', (value) => value.replace('2', '%D9%A2')],
    ['a minus sign', (value) => `-${value}`],
    ['a year of five digits', (value) => `0${value}`],
  ]),
  ...(
    [
      ['16 minutes old', -16, 'expired'],
      ['a day old', -24 * 60, 'expired'],
      ['25 years old', -25 * 365 * 24 * 60, 'expired'],
      ['15 minutes ahead', 15, 'clock_ahead'],
      ['a day ahead', 24 * 60, 'clock_ahead'],
      ['25 years ahead', 25 * 365 * 24 * 60, 'clock_ahead'],
    ] as const
  ).map(([name, minutes, reason]): TokenRow => ({
    name: `X-Amz-Date: ${name}`,
    make: (good) => replacing(good, 'X-Amz-Date', `X-Amz-Date=${basic(good.signedAt.getTime() + minutes * MINUTE_MS)}`),
    reason,
  })),
  passes('X-Amz-Date: a minute ahead', (good) =>
    replacing(good, 'X-Amz-Date', `X-Amz-Date=${basic(good.signedAt.getTime() + MINUTE_MS)}`),
  ),
]

const expires: TokenRow[] = [
  ...values('X-Amz-Expires', [
    ['901', '901'],
    ['-1', '-1'],
    ['-0', '-0'],
    ['1e2', '1e2'],
    ['0x3c', '0x3c'],
    ['empty', ''],
    ['a plus sign', '+60'],
    ['a percent-encoded plus sign', '%2B60'],
    ['a space after', '60%20'],
    ['a newline after', '60%0A'],
    ['60.0', '60.0'],
    ['1_0', '1_0'],
    ['a number past every integer', '99999999999999999999'],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['Arabic-Indic digits', '%D9%A6%D9%A0'],
  ]),
  passes('X-Amz-Expires: 0', (good) => replacing(good, 'X-Amz-Expires', 'X-Amz-Expires=0')),
  passes('X-Amz-Expires: 900', (good) => replacing(good, 'X-Amz-Expires', 'X-Amz-Expires=900')),
  passes('X-Amz-Expires: 1', (good) => replacing(good, 'X-Amz-Expires', 'X-Amz-Expires=1')),
]

/** Other spellings of a valid token: well-formed, so the signature decides. */
const spellings: TokenRow[] = [
  passes('unaltered', (good) => withQuery(good, good.query)),
  passes('names in lower case', (good) =>
    withQuery(
      good,
      good.query.replace(/(^|&)([^=]+)/g, (_, before: string, name: string) => before + name.toLowerCase()),
    ),
  ),
  passes('names in upper case', (good) =>
    withQuery(
      good,
      good.query.replace(/(^|&)([^=]+)/g, (_, before: string, name: string) => before + name.toUpperCase()),
    ),
  ),
  passes('parameters in another order', (good) => withQuery(good, good.query.split('&').reverse().join('&'))),
  passes('lower-case hexadecimal', (good) =>
    withQuery(
      good,
      good.query.replace(/%../g, (code) => code.toLowerCase()),
    ),
  ),
  passes('raw slashes', (good) => withQuery(good, good.query.replaceAll('%2F', '/'))),
  passes('a percent-encoded letter in a value', (good) => replacing(good, 'Action', 'Action=%47etCallerIdentity')),
  passes('a credential without a slash', (good) =>
    replacing(good, 'X-Amz-Credential', `X-Amz-Credential=${valueOf(good, 'X-Amz-Credential').split('%2F')[0]}`),
  ),
  passes('a signed header in upper case', (good) =>
    replacing(good, 'X-Amz-SignedHeaders', 'X-Amz-SignedHeaders=host%3BX-K8S-AWS-ID'),
  ),
  passes('more signed headers', (good) =>
    replacing(good, 'X-Amz-SignedHeaders', 'X-Amz-SignedHeaders=host%3Bx-amz-date%3Bx-k8s-aws-id'),
  ),
  passes('the cluster header first', (good) =>
    replacing(good, 'X-Amz-SignedHeaders', 'X-Amz-SignedHeaders=x-k8s-aws-id%3Bhost'),
  ),
]

/** Queries that a server could read differently from STS. */
export const hostileQueries: readonly TokenRow[] = [
  ...repeats,
  ...separators,
  ...unknown,
  ...missing,
  ...badValues,
  ...dates,
  ...expires,
  ...spellings,
]
