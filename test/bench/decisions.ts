import { decide } from '@aws-iam-authenticator/core/mapping/decide'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { indexMappings } from '@aws-iam-authenticator/core/mapping/index-mappings'
import type { Identity } from '@aws-iam-authenticator/core/identity/caller-identity'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import { quantile, type Figure } from './results.ts'

const ROUNDS = 15
const DECISIONS = 50_000
const SIZES = [10, 100_000] as const
const ACCOUNT = '111122223333'

function entry(index: number): MappingEntry {
  return {
    key: { type: 'arn', arn: `arn:aws:iam::${ACCOUNT}:role/role-${index}` },
    principal: `arn:aws:iam::${ACCOUNT}:role/role-${index}`,
    conditions: null,
    username: 'user-{{SessionName}}',
    groups: ['team'],
    userId: '',
    location: { source: 'bench', line: 1, column: 1 },
    path: `mapRoles[${index}]`,
  }
}

function identity(index: number): Identity {
  const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/role-${index}/alice`
  const canonicalArn = `arn:aws:iam::${ACCOUNT}:role/role-${index}`
  return {
    arn,
    canonicalArn,
    kind: 'role',
    accountId: ACCOUNT,
    userId: 'AROABENCH',
    sessionName: 'alice',
    accessKeyId: 'ASIABENCH',
  }
}

/** A list of roles of aws-auth, of about this number of bytes: 1 MiB is the maximum in Kubernetes. */
function rolesOf(bytes: number): string {
  const lines: string[] = []
  for (let length = 0, index = 0; length < bytes; index += 1) {
    const text = `- rolearn: arn:aws:iam::${ACCOUNT}:role/role-${index}\n  username: user-{{SessionName}}\n  groups:\n  - team\n`
    lines.push(text)
    length += text.length
  }
  return lines.join('')
}

/** The cost of a decision by the number of entries, and the time to parse the largest aws-auth. */
export function measureDecisions(): Figure[] {
  const times = new Map<number, number[]>(SIZES.map((size) => [size, []]))
  const cases = SIZES.map((size) => {
    const { index } = indexMappings({
      roles: Array.from({ length: size }, (_, at) => entry(at)),
      users: [],
      accounts: [],
      unusable: [],
    })
    // The same few identities, so that the search is compared and not the processor's cache.
    const identities = Array.from({ length: 10 }, (_, at) => identity(Math.floor((at * size) / 10)))
    return { size, snapshot: { mode: 'MountedFile', index, fault: null } as const, identities }
  })
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { size, snapshot, identities } of cases) {
      const startedAt = performance.now()
      for (let done = 0; done < DECISIONS; done += 1) {
        const who = identities[done % identities.length]
        if (who !== undefined) decide(who, [snapshot], new Map(), {})
      }
      if (round > 0) times.get(size)?.push(performance.now() - startedAt)
    }
  }
  const [few, many] = SIZES.map((size) => quantile(times.get(size) ?? [], 0.5))
  const how = `in one process on Node.js, ${ROUNDS} rounds of ${DECISIONS} in turn, medians divided`
  const text = rolesOf(1024 * 1024 - 1000)
  const parses: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const startedAt = performance.now()
    parseAwsAuth({ mapRoles: text }, EMPTY_AWS_AUTH, { sso: false, rolePaths: false })
    parses.push(performance.now() - startedAt)
  }
  return [
    {
      section: 'decisions',
      name: 'a decision among 100,000 entries / among 10',
      runtime: null,
      value: (many ?? Number.NaN) / (few ?? Number.NaN),
      unit: 'ratio',
      how,
      target: { most: 1.2 },
    },
    {
      section: 'decisions',
      name: 'to parse an aws-auth of 1 MiB',
      runtime: null,
      value: quantile(parses, 0.5),
      unit: 'ms',
      how: 'in one process on Node.js, median of 5, the server does it in a worker thread, see reload',
    },
  ]
}
