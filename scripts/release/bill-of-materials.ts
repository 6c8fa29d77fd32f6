import { createHash } from 'node:crypto'
import type { BundleContents, BundledPackage } from './bundled-packages.ts'
import { lockedVersion, type LockedHashes } from './lock-file.ts'
import { executableName, type Platform } from './platforms.ts'

export interface ReleaseFacts {
  readonly version: string
  readonly commit: string
  /** The time of the commit, so that two builds of it have the same bill of materials. */
  readonly committedAt: Date
  readonly contents: BundleContents
  readonly platforms: readonly Platform[]
  readonly hashes: LockedHashes
}

export interface Component {
  readonly type: 'application' | 'container' | 'library' | 'platform'
  readonly 'bom-ref': string
  readonly name: string
  readonly licenses?: readonly { readonly expression: string }[]
  readonly [key: string]: unknown
}

export interface BillOfMaterials {
  readonly serialNumber: string
  readonly metadata: { readonly timestamp: string; readonly component: Component }
  readonly components: readonly Component[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[]
  readonly [key: string]: unknown
}

function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

/** Derives a serial number from facts, so that the same facts give the same UUID (version 5). */
export function serialNumberOf(facts: string): string {
  const bytes = createHash('sha256').update(facts).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return `urn:uuid:${bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
}

function npmComponent(
  type: 'library' | 'platform',
  npm: { readonly name: string; readonly version: string; readonly license: string },
  hashes: LockedHashes,
): Component {
  const { name, version, license } = npm
  const integrity = hashes.get(`${name}@${version}`)
  if (integrity === undefined) throw new Error(`pnpm-lock.yaml has no hash of ${name}@${version}`)
  const [scope, bare] = name.startsWith('@') ? name.split('/') : [undefined, name]
  return {
    type,
    'bom-ref': purl(name, version),
    ...(scope === undefined ? {} : { group: scope }),
    name: bare ?? name,
    version,
    hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex') }],
    licenses: [{ expression: license }],
    purl: purl(name, version),
  }
}

/** Describes the modules that the build replaces in a package. The bundle then contains only part of its code. */
function changes({ replaced }: BundledPackage): object {
  if (replaced.length === 0) return {}
  return {
    pedigree: {
      notes: `scripts/build/lean.ts replaces modules of this package, or modules that it imports: ${replaced.join(', ')}`,
    },
    properties: replaced.map((module) => ({ name: 'aws-iam-authenticator:replaced-module', value: module })),
  }
}

/**
 * Builds the bill of materials of a release as CycloneDX JSON: the npm packages in the bundle and Bun's runtime for each
 * platform. Hashes are those of the packages' archives.
 *
 * @see {@link https://cyclonedx.org/docs/1.6/json/ | CycloneDX 1.6}
 */
export function billOfMaterials(facts: ReleaseFacts): BillOfMaterials {
  const { version, commit, committedAt, contents, platforms, hashes } = facts
  const application = `aws-iam-authenticator@${version}`
  const runtimes = platforms.map((platform) => ({
    platform,
    component: npmComponent(
      'platform',
      { name: platform.runtime, version: lockedVersion(hashes, platform.runtime), license: 'MIT' },
      hashes,
    ),
  }))
  const refs = new Map(contents.packages.map(({ name, version: of }) => [`${name}@${of}`, purl(name, of)]))
  const refsOf = (keys: readonly string[]): string[] => keys.map((key) => refs.get(key) ?? key)
  const components = [
    ...contents.packages.map((npm) => ({ ...npmComponent('library', npm, hashes), ...changes(npm) })),
    ...runtimes.map(({ platform, component }) => ({
      ...component,
      description: `The runtime in ${executableName(version, platform)}`,
    })),
  ]
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialNumberOf(JSON.stringify([version, commit, components])),
    version: 1,
    metadata: {
      timestamp: committedAt.toISOString(),
      component: {
        type: 'application',
        'bom-ref': application,
        name: 'aws-iam-authenticator',
        version,
        licenses: [{ expression: 'Apache-2.0' }],
        properties: [{ name: 'aws-iam-authenticator:commit', value: commit }],
      },
    },
    components,
    dependencies: [
      {
        ref: application,
        dependsOn: [...refsOf(contents.imports), ...runtimes.map(({ component }) => component['bom-ref'])],
      },
      ...contents.packages.map(({ name, version: of, imports }) => ({
        ref: purl(name, of),
        dependsOn: refsOf(imports),
      })),
      ...runtimes.map(({ component }) => ({ ref: component['bom-ref'] })),
    ],
  }
}
