import { didYouMean } from '../document/did-you-mean.ts'
import type { Problem } from '../errors/problem.ts'
import type { ObjectManifest } from '../manifest/read-manifests.ts'
import {
  IDENTITY_MAPPING_KEYS,
  parseIdentityMapping,
  type IdentityMappingGates,
  type ParsedIdentityMapping,
} from '../mapping/identity-mapping.ts'
import { isRecord, property } from '../untrusted.ts'
import { checkMappings } from './check-mappings.ts'

/** Matches messages such as `spec.arn: must be a string`. */
const WITH_PATH = /^(spec(?:\.\w+)*)(?:\[\d+\])?: (.*)$/s

/** Reports unknown keys. The API server drops them, and most clients do not show its warning. */
function unknownKeys(object: unknown): readonly string[] {
  const spec = property(object, 'spec')
  const unknown = isRecord(spec) ? Object.keys(spec).filter((key) => !IDENTITY_MAPPING_KEYS.includes(key)) : []
  return unknown.map(
    (key) => `spec.${key}: is not a known key, and has no effect${didYouMean(key, IDENTITY_MAPPING_KEYS)}`,
  )
}

function checkOne({ name, object, locate }: ObjectManifest, parsed: ParsedIdentityMapping): Problem[] {
  const whole = `IAMIdentityMapping ${name}`
  const located = (severity: Problem['severity'], said: string): Problem => {
    const [, place = 'spec', message = said] = WITH_PATH.exec(said) ?? []
    return { severity, location: locate(place), path: place === 'spec' ? whole : `${whole} ${place}`, message }
  }
  const { entry, errors, warnings } = parsed
  const named = new Set(errors.map((said) => WITH_PATH.exec(said)?.[1]))
  const unknown = unknownKeys(object).filter((said) => !named.has(WITH_PATH.exec(said)?.[1]))
  const roles = entry === null ? [] : [{ ...entry, location: locate('spec') }]
  return [
    ...(name === '' ? [located('error', 'has no metadata.name')] : []),
    ...errors.map((said) => located('error', said)),
    ...[...warnings, ...unknown].map((said) => located('warning', said)),
    ...checkMappings({ roles, users: [], accounts: [] }),
  ]
}

/** Checks each IAMIdentityMapping, and reports two with the same ARN. */
export function checkIdentityMappings(
  objects: readonly ObjectManifest[],
  gates: IdentityMappingGates,
): readonly Problem[] {
  const problems: Problem[] = []
  const firstFor = new Map<string, string>()
  for (const manifest of objects) {
    const parsed = parseIdentityMapping(manifest.object, manifest.name, gates)
    problems.push(...checkOne(manifest, parsed))
    // With conditions, several objects of one ARN can apply.
    if (parsed.entry?.key.type !== 'arn' || parsed.entry.conditions !== null) continue
    const { path, key } = parsed.entry
    const earlier = firstFor.get(key.arn)
    if (earlier === undefined) firstFor.set(key.arn, path)
    else {
      const message = `is for the same ARN as ${earlier}: the one created later wins; remove one of the two`
      problems.push({ severity: 'warning', location: manifest.locate('spec.arn'), path, message })
    }
  }
  return problems
}
