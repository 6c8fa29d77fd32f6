import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Companions } from '../archives.ts'
import type { BillOfMaterials } from '../bill-of-materials.ts'
import type { LockedHashes } from '../lock-file.ts'
import { SUMMARY, type Origin } from '../origin.ts'
import type { Platform } from '../platforms.ts'
import { buildahVersion, buildImage, type BuiltImage } from './build.ts'
import { addBlob, EMPTY, IMAGE_INDEX, IMAGE_MANIFEST, packLayout, type Descriptor } from './layout.ts'
import { imageBillOfMaterials, imageLicenses } from './materials.ts'
import { provenance, SLSA_PROVENANCE } from './provenance.ts'

export interface ImageFacts {
  readonly origin: Origin
  readonly version: string
  readonly commit: string
  readonly hashes: LockedHashes
  readonly companions: Companions
  /** An image for each of these, with its executable and the bill of materials of that. */
  readonly executables: readonly {
    readonly platform: Platform
    readonly program: string
    readonly materials: BillOfMaterials
  }[]
}

/** The name of the file with the image. */
export function imageName(version: string): string {
  return `aws-iam-authenticator_${version}_oci.tar`
}

/** Returns the platforms that have an image: those with glibc, which is in it. */
export function imagePlatforms(platforms: readonly Platform[]): readonly Platform[] {
  return platforms.filter(({ os }) => os === 'linux')
}

/**
 * Labels and annotations of the image.
 *
 * @see {@link https://github.com/opencontainers/image-spec/blob/v1.1.0/annotations.md | OCI annotations}
 */
function annotationsOf({
  origin,
  version,
  commit,
  companions,
  executables,
}: ImageFacts): Readonly<Record<string, string>> {
  // In the order of their names, as other programs write them.
  const fields = {
    created: companions.date.toISOString(),
    description: SUMMARY,
    documentation: `${origin.repository}/blob/v${version}/docs/install.md`,
    licenses: imageLicenses(executables.map(({ materials }) => materials)),
    revision: commit,
    source: origin.repository,
    title: 'aws-iam-authenticator',
    vendor: origin.owner,
    version,
  }
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`org.opencontainers.image.${name}`, value] as const),
  )
}

interface Attachment {
  /** The media type of the document, and the type of the artifact with it. */
  readonly type: string
  readonly fileName: string
  readonly document: unknown
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * Attaches a document to an image as an artifact. Its entry in the index has the annotations by which BuildKit marks
 * attestations, so that programs do not take it for an image.
 *
 * @see {@link https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidelines-for-artifact-usage | OCI artifacts}
 * @see {@link https://docs.docker.com/build/metadata/attestations/attestation-storage/ | BuildKit's attestations}
 */
function attach(layout: string, subject: Descriptor, attachment: Attachment): Descriptor {
  const { type, fileName, document, annotations = {} } = attachment
  const layer = addBlob(layout, type, `${JSON.stringify(document, null, 2)}\n`)
  const manifest = {
    schemaVersion: 2,
    mediaType: IMAGE_MANIFEST,
    artifactType: type,
    config: addBlob(layout, EMPTY, '{}'),
    layers: [{ ...layer, annotations: { 'org.opencontainers.image.title': fileName, ...annotations } }],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
  }
  return {
    ...addBlob(layout, IMAGE_MANIFEST, JSON.stringify(manifest)),
    annotations: {
      'org.opencontainers.image.title': fileName,
      'vnd.docker.reference.digest': subject.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
    platform: { architecture: 'unknown', os: 'unknown' },
  }
}

/** Adds the manifest of an image, and those of its attachments. */
function addManifests(
  facts: ImageFacts,
  { platform, materials }: ImageFacts['executables'][number],
  { config, layers, debian }: BuiltImage,
  layout: string,
  tools: Readonly<Record<string, string>>,
): readonly Descriptor[] {
  const architecture = platform.arch
  const manifest = { schemaVersion: 2, mediaType: IMAGE_MANIFEST, config, layers, annotations: annotationsOf(facts) }
  const image = addBlob(layout, IMAGE_MANIFEST, JSON.stringify(manifest))
  const { origin, version, commit, hashes, companions } = facts
  const made = { origin, version, commit, committedAt: companions.date, hashes, platform, debian, tools }
  const base = `aws-iam-authenticator_${version}_image_${architecture}`
  return [
    { ...image, platform: { architecture, os: 'linux' } },
    attach(layout, image, {
      type: 'application/vnd.cyclonedx+json',
      fileName: `${base}_sbom.cdx.json`,
      document: imageBillOfMaterials({ executable: materials, debian, architecture }, image.digest),
    }),
    attach(layout, image, {
      type: 'application/vnd.in-toto+json',
      fileName: `${base}_provenance.intoto.json`,
      document: provenance(made, image.digest),
      annotations: { 'in-toto.io/predicate-type': SLSA_PROVENANCE },
    }),
  ]
}

/**
 * Adds the index of images and their attachments.
 *
 * skopeo 1.9 copies an index only with the fields it knows, in its own order. This index has these fields in this order, so
 * that its digest stays the same: no `artifactType`, and sorted annotations before the platform.
 */
function addIndex(facts: ImageFacts, images: readonly (readonly Descriptor[])[], layout: string): Descriptor {
  // Images first: some programs take the first entry if none is for their platform.
  const manifests = [...images.flatMap(([image]) => image ?? []), ...images.flatMap(([, ...attached]) => attached)]
  const index = { schemaVersion: 2, mediaType: IMAGE_INDEX, manifests, annotations: annotationsOf(facts) }
  return addBlob(layout, IMAGE_INDEX, JSON.stringify(index))
}

/**
 * Makes the image for all platforms, with a bill of materials and the provenance of each, as an archive of an OCI layout.
 *
 * @param scratch An empty folder of the caller, on the file system of the executables.
 */
export function makeImage(facts: ImageFacts, scratch: string, file: string): void {
  const layout = join(scratch, 'layout')
  const tools = { buildah: buildahVersion(), node: process.versions.node }
  const labels = annotationsOf(facts)
  const images = facts.executables.map((executable) => {
    const folder = join(scratch, executable.platform.arch)
    mkdirSync(folder)
    const parts = { ...executable, companions: facts.companions, labels }
    return addManifests(facts, executable, buildImage(parts, folder, layout), layout, tools)
  })
  packLayout(layout, addIndex(facts, images, layout), facts.version, facts.companions.date, file)
}
