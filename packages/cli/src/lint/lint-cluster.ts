import { checkIdentityMappings } from '@aws-iam-authenticator/core/lint/check-identity-mappings'
import { checkMappings } from '@aws-iam-authenticator/core/lint/check-mappings'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { textAt } from '@aws-iam-authenticator/core/untrusted'
import type { LintRules } from '@aws-iam-authenticator/core/lint/lint-file'
import type { Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { ClusterMappings } from '../cluster/read-cluster.ts'
import type { Checked } from './report.ts'

function whole(severity: Problem['severity'], source: string, message: string): Problem {
  return { severity, location: { source, line: 1, column: 1 }, path: '', message }
}

function lintAwsAuth({ server, awsAuth: { value, fault } }: ClusterMappings, rules: LintRules): readonly Problem[] {
  const source = `aws-auth of ${server}`
  if (fault !== null) return [whole('error', source, `can't be read: ${fault}`)]
  if (value === undefined) return [whole('warning', source, 'is not there')]
  const read = parseAwsAuth(value, EMPTY_AWS_AUTH, rules)
  return [...read.problems, ...checkMappings(read)]
}

/** Checks the mappings of a live cluster. Locations are relative to the data keys of aws-auth. */
export function lintCluster(cluster: ClusterMappings, rules: LintRules): readonly Checked[] {
  const checked: Checked[] = [{ name: 'aws-auth', kind: 'aws_auth', problems: lintAwsAuth(cluster, rules) }]
  const { value, fault } = cluster.identityMappings
  const [name, kind] = ['iamidentitymappings', 'identity_mappings'] as const
  if (fault !== null) {
    // A warning only: few users may list them, few clusters have them, and aws-auth is checked anyway.
    const problems = [whole('warning', `${name} of ${cluster.server}`, `can't be read: ${fault}`)]
    checked.push({ name, kind, problems })
  } else if (value !== undefined) {
    const objects = value.map((object) => {
      const objectName = textAt(object, 'metadata', 'name') ?? ''
      const location = { source: `IAMIdentityMapping ${objectName}`, line: 1, column: 1 }
      return { name: objectName, object, locate: () => location }
    })
    checked.push({ name, kind, problems: checkIdentityMappings(objects, rules) })
  }
  return checked
}
