import type { ConfiguredIssuer } from '@aws-iam-authenticator/core/authentication-config/authentication-config'
import type { CommandContext } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { readCertificates } from '../kubeconfig/cluster-address.ts'
import { ACCOUNT, AUDIENCE, CERTIFICATE_AUTHORITY, DISCOVERY_URL, ISSUER } from './options.ts'

/** The limit of an AuthenticationConfiguration. */
const MAX_ISSUERS = 64

/** The URLs of the issuers and their accounts: from flags, else from the configuration file. */
function trustedIssuers({
  setting,
  configuration,
}: CommandContext): readonly Pick<ConfiguredIssuer, 'url' | 'accounts'>[] {
  const [urls, accounts] = [setting(ISSUER), setting(ACCOUNT)]
  const configured = configuration.webIdentity?.issuers ?? []
  if (urls.length === 0) {
    if (configured.length === 0) {
      throw new UsageError('no issuer: give --issuer and --account, or server.webIdentity in the configuration file')
    }
    return accounts.length === 0 ? configured : configured.map(({ url }) => ({ url, accounts }))
  }
  return [...new Set(urls)].map((url) => {
    const own = accounts.length > 0 ? accounts : configured.find((issuer) => issuer.url === url)?.accounts
    if (own === undefined)
      throw new UsageError(`no accounts for ${url}: give --account with the ids of those that may log in`)
    return { url, accounts: own }
  })
}

/**
 * Reads the issuers that the API server is to accept.
 *
 * @throws {UsageError} Flags are missing or contradict each other.
 * @throws {AuthenticatorError} The file of certificates can't be read.
 */
export async function readIssuers(context: CommandContext): Promise<readonly ConfiguredIssuer[]> {
  const { setting } = context
  const issuers = trustedIssuers(context)
  if (issuers.length > MAX_ISSUERS)
    throw new UsageError(`${issuers.length} issuers: the API server accepts ${MAX_ISSUERS}`)
  const [discoveryUrl, path] = [setting(DISCOVERY_URL), setting(CERTIFICATE_AUTHORITY)]
  if (discoveryUrl !== null && issuers.length > 1) {
    throw new UsageError('--discovery-url is for one issuer: name it with --issuer')
  }
  const isHttps = discoveryUrl === null || (URL.canParse(discoveryUrl) && new URL(discoveryUrl).protocol === 'https:')
  if (!isHttps || discoveryUrl === issuers[0]?.url) {
    throw new UsageError('--discovery-url must be an https URL, and not that of the issuer itself')
  }
  const certificateAuthority = path === null ? null : await readCertificates(path)
  return issuers.map(({ url, accounts }) => ({
    url,
    accounts: [...new Set(accounts)].toSorted(),
    discoveryUrl,
    certificateAuthority,
  }))
}

/**
 * The audiences of JWTs.
 *
 * @throws {UsageError} There is neither an audience nor a cluster ID.
 */
export function readAudiences({ setting, configuration }: CommandContext): readonly string[] {
  const given = setting(AUDIENCE)
  if (given.length > 0) return [...new Set(given)]
  const configured = configuration.webIdentity?.audiences ?? null
  if (configured !== null) return [...new Set(configured)]
  const clusterId = setting(CLUSTER_ID)
  if (clusterId === null) throw new UsageError('cluster ID not specified')
  return [clusterId]
}
