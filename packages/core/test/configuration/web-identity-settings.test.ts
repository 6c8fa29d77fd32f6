import { test } from 'tap'
import { CLOSED_GATES } from '../../src/configuration/feature-gates.ts'
import { parseConfiguration } from '../../src/configuration/parse-configuration.ts'
import { formatProblem } from '../../src/errors/problem.ts'

const URL = 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws'
const parse = (webIdentity: string) =>
  parseConfiguration(`server:\n  webIdentity: ${webIdentity}\n`, 'config.yaml', {
    serverKeys: [],
    gatesOf: () => CLOSED_GATES,
  })
const problemsOf = (webIdentity: string): readonly string[] => parse(webIdentity).problems.map(formatProblem)
const issuer = (fields: string): string => `{issuers: [{${fields}}]}`
const GOOD = `url: "${URL}", accounts: ["123456789012"]`

void test('issuers and audiences are read', async (t) => {
  const location = { source: 'config.yaml', line: 2, column: 27 }
  const accounts = ['123456789012']
  t.strictSame(parse(issuer(GOOD)).webIdentity, {
    audiences: null,
    issuers: [{ url: URL, accounts, jwksFile: null, location }],
  })
  t.match(parse(`{audiences: [a, b], issuers: [{${GOOD}, jwksFile: /keys.json}]}`).webIdentity, {
    audiences: ['a', 'b'],
    issuers: [{ jwksFile: '/keys.json' }],
  })
  t.strictSame(problemsOf(issuer(GOOD)), [])
  for (const nothing of ['', 'null', '~']) t.equal(parse(nothing).webIdentity, null)
  const port = issuer('url: "https://localhost:8443/a", accounts: ["123456789012"]')
  t.match(parse(port).webIdentity, { issuers: [{ url: 'https://localhost:8443/a' }] })
  t.match(problemsOf(port), [/is not an issuer of AWS/])
})

void test('a mistake is an error with its place, and nothing is accepted', async (t) => {
  for (const [written, error] of [
    ['yes', /config\.yaml:2:16: server\.webIdentity: must be a map/],
    ['{}', /needs issuers/],
    ['{issuers: []}', /issuers: is an empty list/],
    ['{issuers: {}}', /issuers: must be a list/],
    [`{issuer: [{${GOOD}}], issuers: [{${GOOD}}]}`, /issuer: is not a known key.*issuers/],
    [`{issuers: [{${GOOD}}], audiences: []}`, /audiences: is an empty list/],
    [`{issuers: [{${GOOD}}], audiences: [""]}`, /audiences: has an empty audience/],
    [`{issuers: [{${GOOD}}], audiences: [1]}`, /audiences\[0\]/],
    [`{issuers: [{${GOOD}}], audiences: k8s.local}`, /audiences: must be a list/],
    [issuer(`url: "${URL}"`), /needs accounts/],
    [issuer('accounts: ["123456789012"]'), /needs url/],
    [issuer(`${GOOD}, account: ["1"]`), /account: is not a known key/],
    [issuer(`url: "${URL}", accounts: []`), /accounts: is an empty list/],
    [issuer(`url: "${URL}", accounts: ["12345"]`), /"12345" is not an account id/],
    [issuer(`url: "${URL}", accounts: [123456789012]`), /accounts\[0\]/],
    [issuer(`${GOOD}, jwksFile: ""`), /jwksFile: is empty/],
    [issuer(`url: "${URL}/", accounts: ["123456789012"]`), /is not the URL of an issuer/],
    [issuer(`url: "${URL.toUpperCase()}", accounts: ["123456789012"]`), /is not the URL of an issuer/],
    [issuer(`url: "${URL.replace('https', 'http')}", accounts: ["123456789012"]`), /is not the URL of an issuer/],
    [issuer(`url: "${URL}?a=b", accounts: ["123456789012"]`), /is not the URL of an issuer/],
    [issuer(`url: "https://a@b", accounts: ["123456789012"]`), /is not the URL of an issuer/],
    [`{issuers: [{${GOOD}}, {${GOOD}}]}`, /issuers\[1\]: .* is there already/],
    [`{issuers: [${Array.from({ length: 65 }, () => `{${GOOD}}`).join(', ')}]}`, /more than 64 issuers/],
  ] as const) {
    const { problems } = parse(written)
    t.match(problems.map(formatProblem).join('\n'), error, written.slice(0, 100))
    t.ok(problems.some(({ severity }) => severity === 'error'))
  }
})
