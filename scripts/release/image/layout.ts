import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const IMAGE_INDEX = 'application/vnd.oci.image.index.v1+json'
export const IMAGE_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const EMPTY = 'application/vnd.oci.empty.v1+json'

/** A reference to a blob. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
  readonly platform?: Readonly<Record<string, string>>
}

/** Adds a blob to an OCI layout. */
export function addBlob(layout: string, mediaType: string, content: Buffer | string): Descriptor {
  const bytes = Buffer.from(content)
  const hash = createHash('sha256').update(bytes).digest('hex')
  mkdirSync(join(layout, 'blobs', 'sha256'), { recursive: true })
  writeFileSync(join(layout, 'blobs', 'sha256', hash), bytes)
  return { mediaType, digest: `sha256:${hash}`, size: bytes.length }
}

/**
 * Writes the OCI layout with this index as its image, and packs it into a file that skopeo and podman call an oci-archive. The
 * same blobs and date give the same bytes. Needs GNU tar.
 *
 * @see {@link https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md | OCI image layout}
 */
export function packLayout(layout: string, index: Descriptor, tag: string, date: Date, file: string): void {
  const named = { ...index, annotations: { 'org.opencontainers.image.ref.name': tag } }
  const top = { schemaVersion: 2, mediaType: IMAGE_INDEX, manifests: [named] }
  writeFileSync(join(layout, 'index.json'), JSON.stringify(top))
  writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
  const fixed = ['--sort=name', '--format=ustar', '--owner=root:0', '--group=root:0', '--mode=u=rwX,go=rX']
  const args = [
    ...fixed,
    `--mtime=${date.toISOString()}`,
    '-cf',
    file,
    '-C',
    layout,
    'oci-layout',
    'index.json',
    'blobs',
  ]
  execFileSync('tar', args)
}
