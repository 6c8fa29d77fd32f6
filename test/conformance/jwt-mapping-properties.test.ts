import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { parseCallerIdentity, type Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import { AWS_CLAIM, readWebIdentity } from '@aws-iam-authenticator/core/identity/web-identity'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { decide } from '@aws-iam-authenticator/core/mapping/decide'
import { parseDynamicFile } from '@aws-iam-authenticator/core/mapping/dynamic-file'
import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import type { MappingLists } from '@aws-iam-authenticator/core/mapping/mapping-index'
import * as fc from 'fast-check'
import { test } from 'tap'
import { holds } from './holds.ts'

const ACCOUNT = '111122223333'
const IAM = `arn:aws:iam::${ACCOUNT}`
const RUNS = { seed: 20_261_129, numRuns: 1_000 }

function valid(identity: Identity | Refusal): Identity {
  if (identity instanceof Refusal) throw new TypeError(identity.message)
  return identity
}

/** A role or user with a path. */
interface Principal {
  readonly kind: 'role' | 'user'
  readonly path: string
  readonly name: string
}

/** The identity of a presigned token, from an answer of STS. */
function presignedOf({ kind, path, name }: Principal, session: string): Identity {
  const [arn, id] =
    kind === 'role'
      ? [`arn:aws:sts::${ACCOUNT}:assumed-role/${name}/${session}`, `AROA1:${session}`]
      : [`${IAM}:user/${path}${name}`, 'AIDA1']
  const result = { Account: ACCOUNT, Arn: arn, UserId: id }
  const answer = { GetCallerIdentityResponse: { GetCallerIdentityResult: result } }
  return valid(parseCallerIdentity(JSON.stringify(answer), 'ASIA1'))
}

/** The identity of the JWT of the same principal. */
function jwtOf({ kind, path, name }: Principal, claims: object): Identity {
  const sub = `${IAM}:${kind}/${path}${name}`
  return valid(readWebIdentity({ sub, [AWS_CLAIM]: { aws_account: ACCOUNT, ...claims } }))
}

const name = fc.constantFrom('a', 'b', 'AWSReservedSSO_a_0123456789abcdef')
const path = fc.constantFrom('', 'team/')
const principal: fc.Arbitrary<Principal> = fc.record({ kind: fc.constantFrom('role', 'user'), path, name })
const session = fc.constantFrom('s1', 's2')
const claims = fc.record(
  {
    principal_tags: fc.dictionary(fc.constantFrom('team', 'stage'), fc.constantFrom('x', 'y')),
    org_id: fc.constantFrom('o-aaaaaaaaaa', 'o-bbbbbbbbbb'),
    ou_path: fc.constantFrom('o-aaaaaaaaaa/r-1/', 'o-aaaaaaaaaa/r-1/ou-1/'),
    source_identity: fc.constantFrom('s1', 's2'),
    request_tags: fc.constant({ team: 'x', stage: 'y' }),
  },
  { requiredKeys: ['request_tags'] },
)

const roleKey = fc.oneof(
  fc.tuple(path, name).map(([folder, role]) => ({ rolearn: `${IAM}:role/${folder}${role}` })),
  fc.constant({ sso: { permissionSetName: 'a', accountID: ACCOUNT } }),
  fc.constantFrom({ rolelike: `${IAM}:role/*` }, { rolelike: `${IAM}:role/?` }),
)
const userKey = fc.oneof(
  fc.tuple(path, name).map(([folder, user]) => ({ userarn: `${IAM}:user/${folder}${user}` })),
  fc.constantFrom({ userlike: `${IAM}:user/*` }, { userlike: `${IAM}:user/team/?` }),
)
const sessionNames = fc.uniqueArray(fc.constantFrom('*', '**', '?', 's?', 's1', 's2', '*1'), { minLength: 1 })
/** Conditions of today. Users have no session names. */
const roleConditions = fc.record(
  { principalid: fc.constantFrom('AROA1', 'AROA2'), sessionnames: sessionNames },
  { requiredKeys: [] },
)
const userConditions = fc.record({ principalid: fc.constantFrom('AIDA1', 'AIDA2') }, { requiredKeys: [] })
const tagValues = fc.uniqueArray(fc.constantFrom('x', 'y'), { minLength: 1 })
const jwtConditions = fc
  .record(
    {
      principalTags: fc.dictionary(fc.constantFrom('team', 'stage'), tagValues, { minKeys: 1 }),
      orgId: fc.constantFrom('o-aaaaaaaaaa', 'o-bbbbbbbbbb'),
      ouPath: fc.uniqueArray(fc.constantFrom('o-aaaaaaaaaa/*/', 'o-*/r-1/ou-?/'), { minLength: 1 }),
    },
    { requiredKeys: [] },
  )
  .filter((conditions) => Object.keys(conditions).length > 0)

type Entry = Readonly<Record<string, unknown>>

const of = (key: fc.Arbitrary<object>, conditions: fc.Arbitrary<object>): fc.Arbitrary<Entry> =>
  fc.tuple(key, conditions).map((parts) => Object.assign({ username: '' }, ...parts))

/** The lists of aws-auth. Each entry has a username of its own. */
interface Lists {
  readonly roles: readonly Entry[]
  readonly users: readonly Entry[]
  readonly accounts: readonly string[]
}

const named = (entries: readonly Entry[], prefix: string): readonly Entry[] =>
  entries.map((entry, index) => ({ ...entry, username: `${prefix}${index}` }))

const lists = (roles: fc.Arbitrary<Entry>, users: fc.Arbitrary<Entry>): fc.Arbitrary<Lists> =>
  fc.record({
    roles: fc.array(roles, { maxLength: 5 }).map((entries) => named(entries, 'r')),
    users: fc.array(users, { maxLength: 4 }).map((entries) => named(entries, 'u')),
    accounts: fc.constantFrom([], [], [ACCOUNT]),
  })

const plainLists = lists(of(roleKey, roleConditions), of(userKey, userConditions))
const mixedLists = lists(
  fc.oneof(of(roleKey, roleConditions), of(roleKey, jwtConditions)),
  fc.oneof(of(userKey, userConditions), of(userKey, jwtConditions)),
)

function outcomeIn(mappings: MappingLists, identity: Identity): string {
  const backend = { mode: 'EKSConfigMap', index: indexMappings(mappings).index, fault: null } as const
  const decision = decide(identity, [backend], new Map())
  if ('username' in decision) return `mapped to ${decision.username}`
  return decision instanceof Refusal ? decision.reason : 'needs EC2'
}

function outcome({ roles, users, accounts }: Lists, identity: Identity): string {
  const data = {
    mapRoles: JSON.stringify(roles),
    mapUsers: JSON.stringify(users),
    mapAccounts: JSON.stringify(accounts),
  }
  const mappings = parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: true, rolePaths: false })
  const errors = mappings.problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new TypeError(`an invalid entry: ${errors[0]?.path} ${errors[0]?.message}`)
  return outcomeIn(mappings, identity)
}

const isPlain = (entry: Entry): boolean => !['principalTags', 'orgId', 'ouPath'].some((key) => key in entry)

const withoutJwtEntries = ({ roles, users, accounts }: Lists): Lists => ({
  roles: roles.filter(isPlain),
  users: users.filter(isPlain),
  accounts,
})

void test('an entry without keys for JWTs matches a JWT only if it matches each presigned token of the principal', (t) => {
  let matches = 0
  const entry = fc.oneof(
    of(roleKey, roleConditions).map((role) => ({ roles: [role], users: [], accounts: [] })),
    of(userKey, userConditions).map((user) => ({ roles: [], users: [user], accounts: [] })),
  )
  const property = fc.property(entry, principal, session, claims, (one, who, sessionName, said) => {
    const isMapped = outcome(one, jwtOf(who, said)) !== 'not_mapped'
    matches += isMapped ? 1 : 0
    return !isMapped || outcome(one, presignedOf(who, sessionName)) !== 'not_mapped'
  })
  holds(t, property, RUNS)
  t.ok(matches > 20, `${matches} entries match a JWT`)
  t.end()
})

void test('lists without keys for JWTs map no JWT of a principal whose presigned tokens they refuse', (t) => {
  const property = fc.property(plainLists, principal, session, claims, (all, who, sessionName, said) => {
    return (
      outcome(all, presignedOf(who, sessionName)) !== 'not_mapped' || outcome(all, jwtOf(who, said)) === 'not_mapped'
    )
  })
  holds(t, property, RUNS)
  t.end()
})

void test('entries with keys for JWTs change nothing for presigned tokens, or for JWTs without claims', (t) => {
  const property = fc.property(mixedLists, principal, session, (all, who, sessionName) => {
    const plain = withoutJwtEntries(all)
    return [presignedOf(who, sessionName), jwtOf(who, { request_tags: { team: 'x', stage: 'y' } })].every(
      (identity) => outcome(all, identity) === outcome(plain, identity),
    )
  })
  holds(t, property, RUNS)
  t.end()
})

void test('entries that are found by user id match no JWT', (t) => {
  const entry = fc.record({ userid: fc.constantFrom('AROA1', 'AIDA1', '', ' '), username: fc.constant('u') })
  const property = fc.property(fc.array(entry), principal, claims, (entries, who, said) => {
    const text = JSON.stringify({ mapRoles: entries, mapUsers: entries })
    return outcomeIn(parseDynamicFile(text, 'x', true).file ?? EMPTY_AWS_AUTH, jwtOf(who, said)) === 'not_mapped'
  })
  holds(t, property, RUNS)
  t.end()
})

void test('an entry with tags matches exactly the JWTs that have one of the values for each tag', (t) => {
  let matches = 0
  const tags = fc.dictionary(fc.constantFrom('team', 'stage'), tagValues, { minKeys: 1 })
  const property = fc.property(tags, claims, (principalTags, said) => {
    const entry = { rolearn: `${IAM}:role/a`, principalTags, username: 'u' }
    const own = new Map(Object.entries(said.principal_tags ?? {}))
    const expected = Object.entries(principalTags).every(([key, values]) =>
      values.some((value) => own.get(key) === value),
    )
    matches += expected ? 1 : 0
    const identity = jwtOf({ kind: 'role', path: '', name: 'a' }, said)
    return outcome({ roles: [entry], users: [], accounts: [] }, identity) === (expected ? 'mapped to u' : 'not_mapped')
  })
  holds(t, property, RUNS)
  t.ok(matches > 20, `${matches} JWTs match`)
  t.end()
})
