export { findPartition, partitionOfRegion, partitions, type Partition, type PartitionId } from './aws/partition.ts'
export { isPublishedStsHost, publishedRegions } from './aws/published-regions.ts'
export { resolveServiceHost, type EndpointVariant } from './aws/service-host.ts'
export { resolveStsEndpoint, type StsEndpoint, type StsEndpointOptions } from './aws/sts-endpoint.ts'
export { GLOBAL_STS_HOST, isAllowedStsHost, regionOfStsHost, type StsHostPolicy } from './aws/sts-host.ts'
export { BACKEND_MODES, parseBackendModes, type BackendMode, type BackendModes } from './configuration/backend-mode.ts'
export {
  parseBackendModeFile,
  type BackendModeFile,
  type ParsedBackendModeFile,
} from './configuration/backend-mode-file.ts'
export { didYouMean } from './configuration/closest.ts'
export { CLOSED_GATES, parseFeatureGates, type FeatureGate, type FeatureGates } from './configuration/feature-gates.ts'
export { EMPTY_CONFIGURATION, type ConfigurationFile, type Setting } from './configuration/configuration-file.ts'
export { parseConfiguration } from './configuration/parse-configuration.ts'
export { DOCUMENT_LIMITS } from './document/limits.ts'
export { readYamlDocument, readYamlValue } from './document/read-yaml.ts'
export { formatProblem, type Location, type Problem } from './document/problem.ts'
export { readTopLevelLine, setTopLevelLine } from './configuration/top-level-line.ts'
export type { Update } from './configuration/update.ts'
export { findWrittenLine, replaceWrittenLine } from './configuration/written-line.ts'
export { addMapping, checkNewMapping, type NewMapping } from './edit/add-mapping.ts'
export { setKubeconfigEntry, type KubeconfigEntry } from './edit/kubeconfig-entry.ts'
export { printableYaml } from './edit/printable-yaml.ts'
export type { Writable } from './edit/render.ts'
export { AuthenticatorError, ConfigurationError, FileError, type FileErrorCode } from './errors.ts'
export { canonicalizeArn, type ArnFault, type Principal, type PrincipalKind } from './identity/arn.ts'
export { parseCallerIdentity, type Identity } from './identity/caller-identity.ts'
export { refusalOfStsError } from './identity/sts-error.ts'
export {
  awsAuthLength,
  EMPTY_AWS_AUTH,
  keepLastGood,
  parseAwsAuth,
  readAwsAuth,
  type AwsAuth,
  type AwsAuthData,
  type AwsAuthGates,
  type ReadAwsAuth,
} from './mapping/aws-auth.ts'
export { decide, type BackendSnapshot, type Mapped, type ReservedPrefixes } from './mapping/decide.ts'
export { checkIdentityMappings } from './lint/check-identity-mappings.ts'
export { checkMappings } from './lint/check-mappings.ts'
export {
  lintBackendModeFile,
  lintDynamicFile,
  lintManifests,
  type LintedManifests,
  type LintRules,
} from './lint/lint-file.ts'
export { isAwsAuth, readAwsAuthManifest } from './manifest/aws-auth-manifest.ts'
export type { NestedText } from './manifest/nested-text.ts'
export { readManifests, type Manifests, type ObjectManifest } from './manifest/read-manifests.ts'
export { recognizeFile, type FileKind } from './manifest/recognize.ts'
export { withoutRolePath } from './mapping/parse-arn.ts'
export { parseDynamicFile, type DynamicFile, type ParsedDynamicFile } from './mapping/dynamic-file.ts'
export type { Conditions, EntryKey, MappingEntry, UnusableEntry } from './mapping/entry.ts'
export { parseIdentityMapping, type ParsedIdentityMapping } from './mapping/identity-mapping.ts'
export { splitCovered, type Covered } from './mapping/chain.ts'
export { matchesGlob } from './mapping/glob.ts'
export { indexMappings, type IndexedMappings } from './mapping/index-mappings.ts'
export {
  ArnMismatch,
  EMPTY_INDEX,
  findEntry,
  type Caller,
  type MappingIndex,
  type MappingLists,
  type StrayKey,
} from './mapping/mapping-index.ts'
export type { EntryGates } from './mapping/parse-key.ts'
export { nearestMisses, type NearMiss, type NearMissKind } from './mapping/nearest-misses.ts'
export {
  fillTemplate,
  NeedsEc2PrivateDnsName,
  TemplateFault,
  unknownPlaceholders,
  type TemplateFacts,
} from './mapping/template.ts'
export { userInfo, type UserInfo } from './mapping/user-info.ts'
export { Refusal, reasons, type ReasonCode, type ReasonMeaning } from './reasons.ts'
export { TOKEN_CHECKS, type TokenCheck } from './token/checks.ts'
export { encodeToken, hasTokenPrefix, MAX_TOKEN_LENGTH } from './token/codec.ts'
export { CLUSTER_ID_HEADER, parseToken, type StsRequest, type TokenPolicy } from './token/presigned-url.ts'
export { PRESIGNED_URL_LIFETIME_MS } from './token/signing-time.ts'
export {
  createLog,
  LOG_LEVELS,
  repeatedFields,
  type Log,
  type LogFields,
  type LogFormat,
  type LogLevel,
  type WriteLine,
} from './log/log.ts'
export { escapeLine, escapeLines } from './log/control-characters.ts'
export { pemBlocks } from './document/pem-blocks.ts'
export { isRecord, messageOf, property, textAt } from './untrusted.ts'
