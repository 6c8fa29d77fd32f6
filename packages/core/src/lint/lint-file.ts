import { parseBackendModeFile } from '../mapping/backend-mode-file.ts'
import type { Problem } from '../errors/problem.ts'
import { isAwsAuth, readAwsAuthManifest } from '../manifest/aws-auth-manifest.ts'
import type { NestedText } from '../manifest/nested-text.ts'
import { readManifests } from '../manifest/read-manifests.ts'
import type { AwsAuthGates } from '../mapping/aws-auth.ts'
import { parseDynamicFile } from '../mapping/dynamic-file.ts'
import { checkIdentityMappings } from './check-identity-mappings.ts'
import { checkMappings } from './check-mappings.ts'

/** By which settings of the server files are checked. */
export interface LintRules extends AwsAuthGates {
  /** Whether the ARN of a role with a path stands for the role of that name (feature gate RolePathMatch). */
  readonly rolePaths: boolean
  /** `server.dynamicfileUserIDStrict` */
  readonly userIdStrict: boolean
}

/** What a file of manifests has that is to be checked, and what is wrong with it. */
interface LintedManifests {
  readonly problems: readonly Problem[]
  /** How many ConfigMaps aws-auth and IAMIdentityMappings were found. */
  readonly objects: number
  /** Configuration files in the data of a ConfigMap, which are still to be checked. */
  readonly configurations: readonly NestedText[]
}

/** The data key under which the server's DaemonSet mounts its configuration. */
const CONFIGURATION_DATA_KEY = 'config.yaml'
const CONFIGURATION_LIKE = /^(?:clusterid|server)\s*:/im

/** Checks Kubernetes manifests: aws-auth and IAMIdentityMappings; all else is passed over. */
export function lintManifests(text: string, source: string, rules: LintRules): LintedManifests {
  const { configMaps, identityMappings, problems } = readManifests(text, source)
  const awsAuths = configMaps.filter(isAwsAuth)
  const found = awsAuths.flatMap((configMap) => {
    const awsAuth = readAwsAuthManifest(configMap, rules)
    return [...awsAuth.problems, ...checkMappings(awsAuth)]
  })
  return {
    problems: [...problems, ...found, ...checkIdentityMappings(identityMappings, rules)],
    objects: awsAuths.length + identityMappings.length,
    configurations: configMaps
      .flatMap(({ data }) => data)
      .flatMap(({ key, nested }) => (key === CONFIGURATION_DATA_KEY && nested !== null ? [nested] : []))
      .filter((nested) => CONFIGURATION_LIKE.test(nested.text)),
  }
}

/** Checks the file of the backend DynamicFile. */
export function lintDynamicFile(text: string, source: string, rules: LintRules): readonly Problem[] {
  const { file, problems } = parseDynamicFile(text, source, rules.userIdStrict, rules)
  return file === null ? problems : [...problems, ...checkMappings(file)]
}

/** Checks the file at `server.dynamicBackendModePath`. */
export function lintBackendModeFile(text: string, source: string): readonly Problem[] {
  const { file, problems } = parseBackendModeFile(text, source)
  const location = { source, line: 1, column: 1 }
  const older = (file?.warnings ?? []).map((message): Problem => ({
    severity: 'warning',
    location,
    path: 'backendMode',
    message,
  }))
  return [...problems, ...older]
}
