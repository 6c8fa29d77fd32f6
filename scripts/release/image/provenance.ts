import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../build/bundle.ts'
import { lockedVersion, type LockedHashes } from '../lock-file.ts'
import type { Origin } from '../origin.ts'
import type { Platform } from '../platforms.ts'
import type { DebianPackage } from './build.ts'

export const SLSA_PROVENANCE = 'https://slsa.dev/provenance/v1'

/** A dependency of a build. */
interface ResourceDescriptor {
  readonly uri: string
  readonly digest: Readonly<Record<string, string>>
  readonly name?: string
}

export interface ProvenanceFacts {
  readonly origin: Origin
  readonly version: string
  readonly commit: string
  readonly committedAt: Date
  readonly hashes: LockedHashes
  readonly platform: Platform
  readonly debian: readonly DebianPackage[]
  /** The versions of the programs that made the image, by name. */
  readonly tools: Readonly<Record<string, string>>
}

/** The package URL of a package of Debian 12. */
export function debianUrl({ name, version, architecture }: DebianPackage): string {
  return `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=debian-12`
}

function npmDependency(hashes: LockedHashes, name: string): ResourceDescriptor {
  const version = lockedVersion(hashes, name)
  const integrity = hashes.get(`${name}@${version}`) ?? ''
  const sha512 = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex')
  return { uri: `pkg:npm/${name.replace('@', '%40')}@${version}`, digest: { sha512 } }
}

/**
 * Returns the in-toto statement about how the image with this digest was made: from which commit, lock file, runtime and
 * packages of Debian. It names no run and no time, so that the same commit gives the same statement.
 *
 * @see {@link https://slsa.dev/spec/v1.0/provenance | SLSA provenance 1.0}
 */
export function provenance(facts: ProvenanceFacts, digest: string): unknown {
  const { origin, version, commit, committedAt, hashes, platform, debian, tools } = facts
  const source = `git+${origin.repository}`
  const lockFile = createHash('sha256')
    .update(readFileSync(join(ROOT, 'pnpm-lock.yaml')))
    .digest('hex')
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'aws-iam-authenticator', digest: { sha256: digest.replace('sha256:', '') } }],
    predicateType: SLSA_PROVENANCE,
    predicate: {
      buildDefinition: {
        buildType: `${origin.repository}/blob/main/docs/releases.md#provenance-of-the-image`,
        externalParameters: { repository: source, commit, version, platform: `linux/${platform.arch}` },
        internalParameters: { sourceDateEpoch: committedAt.getTime() / 1000 },
        resolvedDependencies: [
          { uri: `${source}@${commit}`, digest: { gitCommit: commit } },
          { name: 'pnpm-lock.yaml', uri: `${source}@${commit}#pnpm-lock.yaml`, digest: { sha256: lockFile } },
          npmDependency(hashes, platform.runtime),
          ...debian.map((each) => ({ uri: debianUrl(each), digest: { sha256: each.sha256 } })),
        ],
      },
      runDetails: {
        builder: { id: `${origin.repository}/blob/${commit}/scripts/release.ts`, version: tools },
      },
    },
  }
}
