import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { valueAt } from '../e2e/harness/logins.ts'

/** A manifest, an index or another document of the archive, with the descriptor that refers to it. */
export interface Stored {
  readonly descriptor: unknown
  readonly document: unknown
}

/** An image for one architecture, with its attachments by media type. */
export interface StoredImage extends Stored {
  readonly architecture: string
  readonly config: unknown
  readonly layers: readonly string[]
  readonly attached: ReadonlyMap<string, Stored>
}

export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function sha256(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

export function digestOf(descriptor: unknown): string {
  return String(valueAt(descriptor, 'digest'))
}

/** The digest of the image that an artifact is attached to. */
function subjectOf({ document }: Stored): unknown {
  return valueAt(document, 'subject', 'digest')
}

/** An unpacked OCI archive. */
export class Archive {
  readonly #folder: string
  /** The digests that have been read. */
  readonly read: Set<string> = new Set()

  /** @param folder An empty folder. */
  constructor(file: string, folder: string) {
    execFileSync('tar', ['-xf', file, '-C', folder])
    this.#folder = folder
  }

  /** All digests in the archive. */
  blobs(): readonly string[] {
    return readdirSync(join(this.#folder, 'blobs/sha256')).map((name) => `sha256:${name}`)
  }

  path(digest: string): string {
    return join(this.#folder, 'blobs', digest.replace(':', '/'))
  }

  /** Returns a blob. Its size and digest must be those of the descriptor. */
  blob(descriptor: unknown): Buffer {
    const digest = digestOf(descriptor)
    const content = readFileSync(this.path(digest))
    if (sha256(content) !== digest) throw new Error(`${digest} is ${sha256(content)}`)
    if (valueAt(descriptor, 'size') !== content.length) throw new Error(`${digest} has ${content.length} bytes`)
    this.read.add(digest)
    return content
  }

  stored(descriptor: unknown): Stored {
    const document: unknown = JSON.parse(this.blob(descriptor).toString('utf8'))
    return { descriptor, document }
  }

  /** The index of images. The layout has only this one. */
  index(): Stored {
    const top: unknown = JSON.parse(readFileSync(join(this.#folder, 'index.json'), 'utf8'))
    const [descriptor, ...more] = items(valueAt(top, 'manifests'))
    if (more.length > 0) throw new Error('more than one image')
    return this.stored(descriptor)
  }

  #attached(manifest: Stored): Stored {
    const [layer, ...more] = items(valueAt(manifest.document, 'layers'))
    if (more.length > 0) throw new Error('more than one document')
    this.blob(valueAt(manifest.document, 'config'))
    return this.stored(layer)
  }

  images(): readonly StoredImage[] {
    const manifests = items(valueAt(this.index().document, 'manifests')).map((each) => this.stored(each))
    const images = manifests.filter((each) => subjectOf(each) === undefined)
    return images.map((image) => {
      const mine = manifests.filter((each) => subjectOf(each) === digestOf(image.descriptor))
      const layers = items(valueAt(image.document, 'layers'))
      for (const layer of layers) this.blob(layer)
      return {
        descriptor: image.descriptor,
        document: image.document,
        architecture: String(valueAt(image.descriptor, 'platform', 'architecture')),
        config: this.stored(valueAt(image.document, 'config')).document,
        layers: layers.map(digestOf),
        attached: new Map(mine.map((each) => [String(valueAt(each.document, 'artifactType')), this.#attached(each)])),
      }
    })
  }
}
