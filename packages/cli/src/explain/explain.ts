import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import { nearestMisses, type NearMiss } from '@aws-iam-authenticator/core/mapping/nearest-misses'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { suggestMapping } from '@aws-iam-authenticator/core/mapping/suggest-mapping'
import { userInfo, type UserInfo } from '@aws-iam-authenticator/core/mapping/user-info'
import type { Mapped } from '@aws-iam-authenticator/core/mapping/decide'
import type { CommandContext } from '../command-line/command.ts'
import { firstSet } from '@aws-iam-authenticator/network/environment'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import { BACKEND_MODE, PARTITION, REGION, SCRUBBED_ACCOUNTS } from '../command-line/server-options.ts'
import { STS_REGIONS } from '../command-line/sts-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { readInput } from '../command-line/read-input.ts'
import { asksForCluster } from '../cluster/read-cluster.ts'
import { looksLikeJwt } from '@aws-iam-authenticator/server/jwt/read-jwt'
import { askBackends, backendsToAsk, type Asked } from './ask-backends.ts'
import { callerOfArn } from './caller.ts'
import { checkToken, type CheckedToken } from './check-token.ts'
import type { BackendAnswer, Caller, Explanation } from './explanation.ts'
import { ARN, SESSION_NAME, TOKEN, USER_ID } from '../command-line/explain-options.ts'
import { readSources } from './read-sources.ts'
import type { Source } from './source.ts'

/** Extracts the token from standard input: either the bare token or an ExecCredential as `token` prints it. */
function tokenOf(text: string): string {
  const trimmed = text.trim()
  return /^\{.*"token":"([^"\\]*)"/s.exec(trimmed)?.[1] ?? trimmed
}

/** What is explained: a token, or the caller of an ARN. */
type Subject = { readonly token: string; readonly caller: null } | { readonly token: null; readonly caller: Caller }

/**
 * Reads the options that name a token or an ARN.
 *
 * @throws {UsageError} The options are missing or contradict each other.
 */
function readSubject({ setting }: CommandContext): Subject {
  const [token, arn, userId, sessionName] = [setting(TOKEN), setting(ARN), setting(USER_ID), setting(SESSION_NAME)]
  if (token !== null && arn !== null) throw new UsageError('both --token and --arn: give one of them')
  if (arn !== null) return { token: null, caller: callerOfArn(arn, { userId, sessionName }) }
  if (token === null) throw new UsageError('nothing to explain: give a token with -t (- for standard input), or --arn')
  if (userId !== null || sessionName !== null) throw new UsageError('--user-id and --session-name go with --arn')
  return { token: token === '-' ? tokenOf(readInput('-')) : token, caller: null }
}

/** @throws {UsageError} Neither a flag, the environment nor a configuration file has the cluster ID. */
function requireClusterId({ setting }: CommandContext): string {
  const clusterId = setting(CLUSTER_ID)
  if (clusterId === null) throw new UsageError('cluster ID not specified')
  return clusterId
}

/** Checks a token, which may call STS or fetch the keys of an issuer. A caller that is known needs no check. */
async function check(context: CommandContext, { token, caller }: Subject): Promise<CheckedToken> {
  if (token === null) return { checks: [], caller, refusal: null }
  const { setting, configuration, environment, now } = context
  const partition = findPartition(setting(PARTITION))
  if (partition === undefined) throw new TypeError('a partition without a definition')
  const serverRegion = setting(REGION) ?? firstSet(environment, 'AWS_REGION', 'AWS_DEFAULT_REGION')?.value ?? null
  const clusterId = requireClusterId(context)
  const options = { clusterId, partition, serverRegion, stsRegions: setting(STS_REGIONS), environment, now }
  if (!looksLikeJwt(token)) return checkToken(token, options)
  const { checkJwt } = await import('./check-jwt.ts')
  return checkJwt(token, configuration.webIdentity, options)
}

/** Adds the location in the manifest to entries from IAMIdentityMappings. */
function placesIn(sources: readonly Source[]): <T extends BackendAnswer['entry'] | NearMiss>(item: T) => T {
  const places = new Map(sources.flatMap((source) => [...(source.places ?? [])]))
  return (item) => {
    const location = item === null ? undefined : places.get(item.path)
    return location === undefined ? item : { ...item, location }
  }
}

function notesOn(caller: Caller, asked: Asked, sources: readonly Source[], isOrderKnown: boolean): readonly string[] {
  const notes: string[] = []
  if (!isOrderKnown && sources.length > 1) {
    notes.push('the order of the backends is not configured here: give the --backend-mode of the server, if it has one')
  }
  const { decision } = asked
  const isRefused = decision instanceof Refusal
  const shown = isRefused ? '' : [decision.username, ...decision.groups].join(' ')
  if (!caller.hasSessionName && (isRefused || shown.includes(caller.identity.sessionName))) {
    notes.push('{{SessionName}} stands for the session name: set it with --session-name NAME')
  }
  if (!caller.hasUserId && isRefused)
    notes.push('the unique id is not known: entries with principalid or userid need --user-id ID')
  if (asked.needsEc2) notes.push('{{EC2PrivateDNSName}} stands for the name that the server asks EC2 for')
  for (const { isNeededToStart = false, from, errors } of sources) {
    if (errors === 0) continue
    const count = errors === 1 ? 'an error' : `${errors} errors`
    const what = isNeededToStart ? `${count}, with which the server does not start` : count
    notes.push(`${from} has ${what}: run aws-iam-authenticator lint to see them`)
  }
  return notes
}

function userOf(caller: Caller, decision: Mapped | Refusal, scrubbed: boolean): UserInfo | null {
  return decision instanceof Refusal ? null : userInfo(caller.identity, decision, scrubbed)
}

/**
 * Explains a login: follows it through every step of the server.
 *
 * @throws {UsageError} The options that name the login are missing or contradict each other.
 * @throws {AuthenticatorError} A file or kubeconfig can't be read, or the connection to STS is misconfigured.
 */
export async function explain(given: CommandContext): Promise<Explanation> {
  if (given.setting(TOKEN) === '-' && given.positionals.includes('-'))
    throw new UsageError('standard input is there once: for -t or a file')
  const subject = readSubject(given)
  // The server in the cluster may know its ID.
  if (subject.token !== null && !asksForCluster(given)) requireClusterId(given)
  const found = await readSources(given)
  const { sources, context } = found
  const { setting, configuration } = context
  const { checks, caller, refusal } = await check(context, subject)
  if (caller === null) {
    const { notes } = found
    return { checks, caller, backends: [], user: null, refusal, nearest: [], suggestion: null, scrubbed: false, notes }
  }
  const { modes } = setting(BACKEND_MODE)
  const isOrderKnown = modes !== BACKEND_MODE.fallback.modes || found.isOrderKnown
  const toAsk = backendsToAsk(sources, isOrderKnown ? modes : null)
  const asked = askBackends(caller.identity, toAsk, sources, configuration.reservedPrefixes)
  const { decision, answers, snapshots, others } = asked
  const scrubbed = setting(SCRUBBED_ACCOUNTS).has(caller.identity.accountId)
  const isMissed = decision instanceof Refusal && ['not_mapped', 'backend_unavailable'].includes(decision.reason)
  const place = placesIn(sources)
  return {
    checks,
    caller,
    backends: answers.map((answer) => Object.assign(answer, { entry: place(answer.entry) })),
    user: userOf(caller, decision, scrubbed),
    refusal: decision instanceof Refusal ? decision : null,
    nearest: isMissed ? nearestMisses(caller.identity, snapshots, others, Infinity).map(place) : [],
    suggestion: isMissed && decision.reason === 'not_mapped' ? suggestMapping(caller.identity, toAsk) : null,
    scrubbed,
    notes: [...found.notes, ...notesOn(caller, asked, sources, isOrderKnown)],
  }
}
