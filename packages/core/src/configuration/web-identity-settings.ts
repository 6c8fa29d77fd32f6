import type { Field, Fields, LocatedDocument } from '../document/located-document.ts'
import type { Location } from '../errors/problem.ts'

/** An issuer of AWS-signed JWTs: an AWS account that has switched on outbound web identity federation. */
export interface TrustedIssuer {
  /** Such as `https://<uuid>.tokens.sts.global.api.aws`. The claim `iss` must be equal to it. */
  readonly url: string
  /** The accounts whose principals may log in by this issuer, 12 digits each. */
  readonly accounts: readonly string[]
  /** A file with the keys of the issuer, in place of its own host; null to fetch them. */
  readonly jwksFile: string | null
  readonly location: Location
}

/** Which AWS-signed JWTs the server accepts, in addition to presigned tokens. */
export interface WebIdentitySettings {
  /** One of them must be in the claim `aud`; null for the cluster ID. */
  readonly audiences: readonly string[] | null
  readonly issuers: readonly TrustedIssuer[]
}

/** More issuers than an AuthenticationConfiguration of the API server can have are a mistake. */
const MAX_ISSUERS = 64
const MAX_ITEMS = 1_000

const ACCOUNT_ID = /^\d{12}$/
/** In lower case, because the claim is compared letter by letter, and without a slash at its end. */
const ISSUER_URL = /^https:\/\/[a-z0-9.-]{1,253}(?::\d{1,5})?(?:\/[\w.~-]{1,64}){0,8}$/
const AWS_ISSUER = /^https:\/\/[0-9a-z-]+\.tokens\.sts\.global\.api\.aws$/
const EXAMPLE = 'https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws'

/** Reads a list of texts that has no wrong item. Null, with an error, if it has one or is empty. */
function readTexts(document: LocatedDocument, field: Field): readonly string[] | null {
  const items = document.items(field)
  if (items === null) return null
  const texts = items.map((item) => document.string(item)).filter((text) => text !== null)
  if (items.length === 0) return document.error(field, 'is an empty list: name at least one, or remove the key')
  if (items.length > MAX_ITEMS) return document.error(field, `has more than ${MAX_ITEMS} items, which is the limit`)
  return texts.length < items.length ? null : texts
}

/** Checks the URL of an issuer. Returns the fault and its fix, or null if it is valid. */
export function issuerUrlFault(url: string): string | null {
  if (ISSUER_URL.test(url)) return null
  return `"${url}" is not the URL of an issuer: write it in lower case, without a slash at its end, such as ${EXAMPLE}`
}

function readUrl(document: LocatedDocument, field: Field): string | null {
  const url = document.string(field)
  if (url === null) return null
  const fault = issuerUrlFault(url)
  if (fault !== null) return document.error(field, fault)
  if (!AWS_ISSUER.test(url)) {
    document.warn(
      field,
      `"${url}" is not an issuer of AWS, whose names are as ${EXAMPLE}: it can log in as any ARN of its accounts`,
    )
  }
  return url
}

function readAccounts(document: LocatedDocument, field: Field): readonly string[] | null {
  const accounts = readTexts(document, field)
  const bad = accounts?.find((account) => !ACCOUNT_ID.test(account))
  return bad === undefined
    ? accounts
    : document.error(field, `"${bad}" is not an account id: write its 12 digits in quotes`)
}

function readIssuer(document: LocatedDocument, item: Field): TrustedIssuer | null {
  const errorsBefore = document.errorCount
  const fields = document.fields(item, ['url', 'accounts', 'jwksFile'], { mustBeKnown: () => true })
  if (fields === null) return null
  const [urlField, accountsField, fileField] = ['url', 'accounts', 'jwksfile'].map((name) => fields.get(name))
  if (urlField === undefined) return document.error(item, `needs url, such as ${EXAMPLE}`)
  if (accountsField === undefined) {
    return document.error(item, 'needs accounts: the ids of the accounts that may log in by this issuer')
  }
  const url = readUrl(document, urlField)
  const accounts = readAccounts(document, accountsField)
  const jwksFile = fileField === undefined ? null : document.string(fileField)
  if (fileField !== undefined && jwksFile === '') document.error(fileField, 'is empty: write a path, or remove the key')
  if (url === null || accounts === null || document.errorCount > errorsBefore) return null
  return { url, accounts, jwksFile, location: document.locationOf(item) }
}

function readIssuers(document: LocatedDocument, field: Field): readonly TrustedIssuer[] {
  const items = document.items(field) ?? []
  if (document.isList(field) && items.length === 0)
    document.error(field, 'is an empty list: name an issuer, or remove server.webIdentity')
  if (items.length > MAX_ISSUERS) {
    document.error(field, `has more than ${MAX_ISSUERS} issuers, which is the limit`)
    return []
  }
  const issuers: TrustedIssuer[] = []
  for (const item of items) {
    const issuer = readIssuer(document, item)
    if (issuer === null) continue
    if (issuers.some(({ url }) => url === issuer.url))
      document.error(item, `${issuer.url} is there already: remove one of the two`)
    else issuers.push(issuer)
  }
  return issuers
}

/** Reads `server.webIdentity`. Null, possibly with errors, if no JWT is accepted. An unknown key is an error: it may be meant as a limit. */
export function readWebIdentitySettings(document: LocatedDocument, server: Fields): WebIdentitySettings | null {
  const field = server.get('webidentity')
  if (field === undefined || document.isNull(field)) return null
  const fields = document.fields(field, ['audiences', 'issuers'], { mustBeKnown: () => true })
  if (fields === null) return null
  const audiencesField = fields.get('audiences')
  const issuersField = fields.get('issuers')
  if (issuersField === undefined) return document.error(field, 'needs issuers: a list of url and accounts')
  const issuers = readIssuers(document, issuersField)
  const audiences = audiencesField === undefined ? null : readTexts(document, audiencesField)
  if (audiences?.includes('') === true && audiencesField !== undefined) {
    document.error(audiencesField, 'has an empty audience: remove it')
  }
  return issuers.length === 0 ? null : { audiences, issuers }
}
