import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { isAwsAuth, readAwsAuthManifest } from '@aws-iam-authenticator/core/manifest/aws-auth-manifest'
import { isRecord, textAt } from '@aws-iam-authenticator/core/untrusted'
import { parseDynamicFile } from '@aws-iam-authenticator/core/mapping/dynamic-file'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { ConfigurationFile } from '@aws-iam-authenticator/core/configuration/configuration-file'
import type { FileKind } from '@aws-iam-authenticator/core/manifest/recognize'
import type { LintRules } from '@aws-iam-authenticator/core/lint/lint-file'
import type { readManifests } from '@aws-iam-authenticator/core/manifest/read-manifests'
import { IdentityMappings } from '@aws-iam-authenticator/server/backends/identity-mappings'
import type { ClusterMappings } from '../cluster/read-cluster.ts'
import { errorsIn, sourceOf, unread, type Source } from './source.ts'

type Manifests = ReturnType<typeof readManifests>

/** How `explain` and `list` read the mappings of a backend. */
interface BackendReader {
  /** How a person gives them to `explain`. */
  readonly way: string
  /** Reads those in the configuration file. */
  readonly inConfiguration?: (configuration: ConfigurationFile, from: string) => Source
  /** Reads the file of the backend's own. */
  readonly inFile?: (text: string, from: string, rules: LintRules) => Source
  /** The kind of that file, if `recognizeFile` knows it: then it can be an argument. */
  readonly fileKind?: FileKind
  readonly inManifests?: (manifests: Manifests, from: string, rules: LintRules) => readonly Source[]
  /** Reads those of a live cluster; undefined if it has none. */
  readonly inCluster?: (cluster: ClusterMappings, rules: LintRules) => Source | undefined
}

const mountedFile: BackendReader = {
  way: 'name the configuration file with -c',
  inConfiguration: ({ mappings, problems }, from) => ({
    ...sourceOf('MountedFile', from, mappings, problems),
    isNeededToStart: true,
  }),
}

const eksConfigMap: BackendReader = {
  way: 'give the manifest of aws-auth, or --cluster',
  inManifests: ({ configMaps, problems }, from, rules) =>
    configMaps.filter(isAwsAuth).map((configMap) => {
      const awsAuth = readAwsAuthManifest(configMap, rules)
      return sourceOf('EKSConfigMap', from, awsAuth, [...problems, ...awsAuth.problems])
    }),
  inCluster: ({ server, awsAuth }, rules) => {
    if (awsAuth.fault !== null) return unread('EKSConfigMap', server, `can't be read from ${server}: ${awsAuth.fault}`)
    const read = parseAwsAuth(awsAuth.value ?? {}, EMPTY_AWS_AUTH, rules)
    return sourceOf('EKSConfigMap', server, read, read.problems)
  },
}

function identityMappingsOf(from: string, objects: readonly unknown[], rules: LintRules): Source {
  const mappings = new IdentityMappings(rules)
  for (const object of objects) {
    if (isRecord(object)) mappings.take(textAt(object, 'metadata', 'name') ?? '', object)
  }
  const { errorCount: errors } = mappings
  return { mode: 'CRD', from, index: mappings.index(), fault: null, errors, entries: mappings.entries(), accounts: [] }
}

const crd: BackendReader = {
  way: 'give the manifests of the IAMIdentityMappings, or --cluster',
  inManifests: ({ identityMappings, problems }, from, rules) => {
    if (identityMappings.length === 0) return []
    const objects = identityMappings.map(({ object }) => object)
    const places = new Map(identityMappings.map(({ name, locate }) => [`IAMIdentityMapping ${name}`, locate('spec')]))
    const source = identityMappingsOf(from, objects, rules)
    return [{ ...source, errors: source.errors + errorsIn(problems), places }]
  },
  inCluster: ({ server, identityMappings: { value, fault } }, rules) => {
    if (fault !== null) return unread('CRD', server, `can't be read from ${server}: ${fault}`)
    return value === undefined ? undefined : identityMappingsOf(server, value, rules)
  },
}

const dynamicFile: BackendReader = {
  way: 'give the dynamic file',
  fileKind: 'dynamic_file',
  inFile: (text, from, rules) => {
    const { file, problems } = parseDynamicFile(text, from, rules.userIdStrict, rules)
    if (file !== null) return sourceOf('DynamicFile', from, file, problems)
    const count = errorsIn(problems)
    const fault = `${from} has ${count === 1 ? 'an error' : `${count} errors`}, which makes the whole file void`
    return unread('DynamicFile', from, fault, count)
  },
}

export const BACKEND_READERS: Readonly<Record<BackendMode, BackendReader>> = {
  MountedFile: mountedFile,
  EKSConfigMap: eksConfigMap,
  CRD: crd,
  DynamicFile: dynamicFile,
}
