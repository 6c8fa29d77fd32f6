import { randomBytes } from 'node:crypto'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { addIdentity, signToken } from '../e2e/harness/webhook.ts'

const ACCOUNT = '111122223333'
const PEOPLE = 50
/** The time for which a valid token is sent again, as API servers do. */
const REUSE_MS = 60_000

/** The people of a soak, mapped and unmapped. */
export interface Logins {
  /** The data of aws-auth that maps the valid people. */
  readonly mappings: Readonly<Record<string, string>>
  /** The token of a mapped person. Most are sent several times. */
  readonly good: () => string
  /** A new token of a mapped person. */
  readonly fresh: () => string
  /** A token that must be refused: in turn garbage, foreign, for another cluster, of an unmapped person. */
  readonly bad: () => string
}

export function createLogins(aws: SandboxAws): Logins {
  const people = Array.from({ length: PEOPLE }, (_, index) => {
    const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/Team${index}/person`
    return addIdentity(aws, { accountId: ACCOUNT, arn, userId: `AROA${index}:person` })
  })
  const stranger = addIdentity(aws, {
    accountId: '999988887777',
    arn: 'arn:aws:iam::999988887777:user/mallory',
    userId: 'AIDAMALLORY',
  })
  const entries = people.map(
    (_, index) => `- rolearn: arn:aws:iam::${ACCOUNT}:role/Team${index}\n  username: team-${index}\n`,
  )
  const kept = new Map<number, { token: string; until: number }>()
  let [turn, age, badTurn] = [0, 0, 0]
  const fresh = (): string => {
    turn += 1
    // Signatures differ by second: use any of the last ten minutes.
    age = (age + 1) % 600
    const [id, identity] = people[turn % PEOPLE] ?? stranger
    return signToken(id, identity, { date: new Date(Date.now() - age * 1000) })
  }
  return {
    mappings: { mapRoles: entries.join('') },
    fresh,
    good: () => {
      turn += 1
      const person = turn % PEOPLE
      const now = Date.now()
      const known = kept.get(person)
      if (known !== undefined && known.until > now) return known.token
      const [id, identity] = people[person] ?? stranger
      const token = signToken(id, identity)
      kept.set(person, { token, until: now + REUSE_MS })
      return token
    },
    bad: () => {
      badTurn += 1
      const [id, identity] = people[badTurn % PEOPLE] ?? stranger
      // Few tokens need a call to STS, as in production.
      if (badTurn % 200 === 0) return signToken(id, identity, { clusterId: 'other.local' })
      if (badTurn % 200 === 100) return signToken(...stranger)
      if (badTurn % 2 === 0) return `eyJhbGciOiJSUzI1NiJ9.${randomBytes(60).toString('base64url')}`
      return `k8s-aws-v1.${randomBytes(300).toString('base64url')}`
    },
  }
}
