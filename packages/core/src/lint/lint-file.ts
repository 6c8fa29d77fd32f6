import { parseBackendModeFile } from '../mapping/backend-mode-file.ts'
import type { Problem } from '../errors/problem.ts'
import { isAwsAuth, readAwsAuthManifest } from '../manifest/aws-auth-manifest.ts'
import type { NestedText } from '../manifest/nested-text.ts'
import { readManifests } from '../manifest/read-manifests.ts'
import type { AwsAuthGates } from '../mapping/aws-auth.ts'
import { parseDynamicFile } from '../mapping/dynamic-file.ts'
import { checkIdentityMappings } from './check-identity-mappings.ts'
import { checkMappings } from './check-mappings.ts'

/** The server settings that affect checks. */
export interface LintRules extends AwsAuthGates {
  /** True if the ARN of a role with a path stands for the role of that name (feature gate RolePathMatch). */
  readonly rolePaths: boolean
  /** `server.dynamicfileUserIDStrict` */
  readonly userIdStrict: boolean
}

/** The result of checking a manifest file. */
interface LintedManifests {
  readonly problems: readonly Problem[]
  /** The number of aws-auth ConfigMaps and IAMIdentityMappings found. */
  readonly objects: number
  /** Configuration files in ConfigMaps. The caller checks them. */
  readonly configurations: readonly NestedText[]
}

/** The data key under which the server's DaemonSet mounts its configuration. */
const CONFIGURATION_DATA_KEY = 'config.yaml'
const CONFIGURATION_LIKE = /^(?:clusterid|server)\s*:/im

/** Checks aws-auth and IAMIdentityMappings in Kubernetes manifests. Other objects are skipped. */
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
