import { canonicalizeArn } from '@aws-iam-authenticator/core/identity/arn'
import { clockDifference, isClockOff } from '@aws-iam-authenticator/client/aws/clock'
import type { CredentialContext, MfaCodeProvider } from '@aws-iam-authenticator/client/aws/context'
import type { Credentials } from '@aws-iam-authenticator/client/aws/credentials'
import type { CredentialCache } from '@aws-iam-authenticator/client/cache/credential-cache'
import { describeUnknownRegion } from '@aws-iam-authenticator/client/aws/region'
import { createHttpHandler } from '@aws-iam-authenticator/client/aws/http-handler'
import { createInstanceMetadata } from '@aws-iam-authenticator/client/aws/instance-metadata'
import { resolveSettings } from '@aws-iam-authenticator/client/aws/settings'
import { callerArn } from '@aws-iam-authenticator/client/credentials/caller-arn'
import { checkRoleArn } from '@aws-iam-authenticator/client/credentials/check-role-arn'
import { obtainCredentials } from '@aws-iam-authenticator/client/credentials/obtain'
import { stsTarget } from '@aws-iam-authenticator/client/sts/endpoint-url'
import { createOneShotClient } from '@aws-iam-authenticator/network/connect/one-shot-client'
import { namedBundle } from '@aws-iam-authenticator/network/connect/trust-source'
import { readTrustedCertificates } from '@aws-iam-authenticator/network/connect/trust'
import { firstSet } from '@aws-iam-authenticator/network/environment'
import { readProxySettings } from '@aws-iam-authenticator/network/proxy/proxy'
import type { Examination, Finding } from './check.ts'
import { checkCache } from './check-cache.ts'
import type { ExecEntry } from './exec-entry.ts'

/** The identity that the cluster will see, and what a token for it needs. */
export interface AwsIdentity {
  readonly context: CredentialContext
  readonly credentials: Credentials
  readonly arn: string
  /** The ARN that a mapping names. */
  readonly canonicalArn: string
  /** The time of AWS. */
  readonly now: () => Date
}

interface AwsOptions {
  readonly mfaCodeProvider: MfaCodeProvider
  readonly now: () => Date
}

async function openContext(entry: ExecEntry, { mfaCodeProvider, now }: AwsOptions): Promise<CredentialContext> {
  const { environment, region } = entry
  const instanceMetadata = createInstanceMetadata(environment)
  const settings = await resolveSettings({ environment, region, instanceMetadata })
  const { caBundle } = settings
  const http = createHttpHandler(() => Promise.resolve(createOneShotClient({ environment, caBundle })), {
    now,
    bundle: namedBundle({ environment, caBundle }),
    region: { name: settings.region, origin: settings.regionOrigin },
  })
  return { environment, settings, http, instanceMetadata, mfaCodeProvider }
}

/** Keeps credentials for the later checks, so that a person is asked for one MFA code. Never written to a file. */
function createMemory(): CredentialCache {
  const kept = new Map<string, Credentials>()
  return {
    find: (key) => kept.get(key),
    keep: (key, credentials) => void kept.set(key, credentials),
    save: () => Promise.resolve(),
  }
}

/** Describes the profile and the region. A region that AWS does not publish may be newer than this program, or misspelled. */
function describeProfile(context: CredentialContext): Finding<CredentialContext> {
  const { sharedConfig, region, regionOrigin } = context.settings
  const { name, namedBy } = sharedConfig.profile
  const profile = `profile "${name}"${namedBy === undefined ? '' : ` (${namedBy})`}`
  const doubt = describeUnknownRegion({ name: region, origin: regionOrigin })
  if (doubt === undefined) return { found: `${profile}, region ${region}`, value: context }
  return { found: `${profile}; ${doubt}: correct it unless it is a new region`, value: context, isWarning: true }
}

function describeCredentials({ source, expiration }: Credentials): string {
  return expiration === undefined ? source : `${source}, until ${expiration.toISOString()}`
}

const TRUST_VARIABLES = ['AWS_CA_BUNDLE', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS']

async function describeTrust({ environment, settings }: CredentialContext): Promise<string> {
  const { caBundle } = settings
  const certificates = await readTrustedCertificates({ environment, caBundle })
  const named = TRUST_VARIABLES.flatMap((name) => firstSet(environment, name) ?? []).map(
    ({ name, value }) => `${name}=${value}`,
  )
  const sources = [...named, ...(caBundle === undefined ? [] : [`ca_bundle of the profile: ${caBundle}`])]
  const authorities =
    certificates.length === 1 ? '1 certificate authority' : `${certificates.length} certificate authorities`
  return `${authorities}${sources.length === 0 ? '' : `, from ${sources.join(', ')}`}`
}

/** Describes the way to STS. A proxy's URL may hold a password, so only its host is shown. */
function describeWay({ environment, settings }: CredentialContext): string {
  const { url } = stsTarget(environment, settings)
  const proxy = readProxySettings(environment)(url)
  return proxy === undefined ? `${url.host} directly` : `${url.host} by the proxy ${new URL(proxy).host}`
}

/** Checks AWS: settings, trust, proxy, credentials, STS, clock, role, identity. */
export async function checkAws(
  examination: Examination,
  entry: ExecEntry | undefined,
  options: AwsOptions,
): Promise<AwsIdentity | undefined> {
  const context = await examination.check('profile', entry, async (known) =>
    describeProfile(await openContext(known, options)),
  )
  if (entry === undefined || context === undefined) return undefined
  const { http } = context
  const now = (): Date => new Date(options.now().getTime() + (isClockOff(http.clockOffset) ? http.clockOffset : 0))
  const { environment } = entry
  const file = entry.cache ? await examination.check('cache', context, () => checkCache(environment, now)) : undefined
  const cache = file ?? createMemory()
  const obtain = async (roleArn: string | undefined): Promise<Credentials> => {
    const { clusterId, externalId, sessionName, forwardSessionName, sourceIdentity } = entry
    const names = { externalId, sessionName, forwardSessionName, sourceIdentity }
    const role = roleArn === undefined ? undefined : { roleArn, ...names }
    return await obtainCredentials(context, { clusterId, role }, { cache, now })
  }
  await examination.check('trust', context, async () => ({ found: await describeTrust(context), value: {} }))
  await examination.check('proxy', context, () => ({ found: describeWay(context), value: {} }))
  const base = await examination.check('credentials', context, async () => {
    const value = await obtain(undefined)
    return { found: describeCredentials(value), value }
  })
  const reached = await examination.check('sts', base, async (credentials) => {
    const arn = await callerArn(context, credentials)
    return { found: `you are ${arn}`, value: { arn } }
  })
  await examination.check('clock', http.clockOffset === 0 ? reached : http, () => {
    const isOff = isClockOff(http.clockOffset)
    const found = isOff ? `this machine is ${clockDifference(http.clockOffset)}: set its clock` : 'agrees with AWS'
    return { found, value: {}, isWarning: isOff }
  })
  const { roleArn } = entry
  const assumed =
    roleArn === undefined
      ? reached && base
      : await examination.check('role', reached, async () => {
          await checkRoleArn(context, roleArn)
          const value = await obtain(roleArn)
          return { found: `assumed ${roleArn}, until ${value.expiration?.toISOString() ?? ''}`, value }
        })
  return await examination.check('identity', assumed, async (credentials) => {
    const arn = credentials === base ? (reached?.arn ?? '') : await callerArn(context, credentials)
    const principal = canonicalizeArn(arn)
    const canonicalArn = typeof principal === 'string' ? arn : principal.canonicalArn
    const session = canonicalArn === arn ? '' : `; the session is ${arn.slice(arn.lastIndexOf('/') + 1)}`
    return {
      found: `a mapping must name ${canonicalArn}${session}`,
      value: { context, credentials, arn, canonicalArn, now },
    }
  })
}
