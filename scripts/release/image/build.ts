import { execFileSync } from 'node:child_process'
import { chmodSync, linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../build/bundle.ts'
import type { Companions } from '../archives.ts'
import type { Platform } from '../platforms.ts'
import { addBlob, type Descriptor } from './layout.ts'

/** A package of Debian, from which the image has files. */
export interface DebianPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly sha256: string
}

/** An image for one platform. */
export interface BuiltImage {
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly debian: readonly DebianPackage[]
}

export interface ImageParts {
  readonly platform: Platform
  /** The file with the executable. */
  readonly program: string
  readonly companions: Companions
  readonly labels: Readonly<Record<string, string>>
}

/** Returns the version of buildah. */
export function buildahVersion(): string {
  try {
    const printed = execFileSync('buildah', ['--version'], { encoding: 'utf8' })
    return /^buildah version (\S+)/.exec(printed)?.[1] ?? printed.trim()
  } catch (error) {
    throw new Error('no buildah for the image: apt-get install buildah, or write --without-image', { cause: error })
  }
}

/** Makes the files of the image other than the executable. */
function makeRootFolder(folder: string, { platform, companions }: ImageParts): readonly DebianPackage[] {
  const script = join(ROOT, 'deploy/image/rootfs.sh')
  const printed = execFileSync(script, [folder, platform.arch], { encoding: 'utf8' })
  const documents = join(folder, 'usr/share/doc/aws-iam-authenticator')
  mkdirSync(documents)
  chmodSync(documents, 0o755)
  for (const [name, text] of [
    ['LICENSE', companions.license],
    ['third-party-notices.txt', companions.notices],
  ] as const) {
    writeFileSync(join(documents, name), text)
    chmodSync(join(documents, name), 0o644)
  }
  return printed
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', version = '', architecture = '', sha256 = ''] = line.split(' ')
      return { name, version, architecture, sha256 }
    })
}

function parse(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}

/** Takes the blob over from the layout that buildah wrote. */
function moveBlob(from: string, layout: string, descriptor: unknown): Descriptor {
  const digest = String(field(descriptor, 'digest'))
  const content = readFileSync(join(from, 'blobs', digest.replace(':', '/')))
  const added = addBlob(layout, String(field(descriptor, 'mediaType')), content)
  if (added.digest !== digest) throw new Error(`buildah wrote ${added.digest} as ${digest}`)
  return added
}

/**
 * Builds the image for a platform from `deploy/image/Containerfile`, with buildah and without a daemon, and adds its blobs to
 * a layout.
 *
 * @param scratch An empty folder of the caller.
 */
export function buildImage(parts: ImageParts, scratch: string, layout: string): BuiltImage {
  const { platform, program, companions, labels } = parts
  const [files, context, written] = ['files', 'context', 'written'].map((name) => join(scratch, name))
  if (files === undefined || context === undefined || written === undefined) throw new Error('no folders')
  mkdirSync(files)
  mkdirSync(join(context, 'dist'), { recursive: true })
  linkSync(program, join(context, 'dist', 'aws-iam-authenticator'))
  const debian = makeRootFolder(join(files, 'rootfs'), parts)
  const root = join(scratch, 'storage')
  mkdirSync(root)
  const buildah = (...args: readonly string[]): void => {
    const storage = ['--storage-driver=vfs', `--root=${root}`, `--runroot=${join(scratch, 'run')}`]
    execFileSync('buildah', [...storage, ...args], { cwd: scratch, stdio: ['ignore', 'ignore', 'pipe'] })
  }
  try {
    const flags = [
      ...Object.entries(labels).map(([name, value]) => `--label=${name}=${value}`),
      `--platform=linux/${platform.arch}`,
      // One date for all files, and nothing else that differs from run to run.
      `--timestamp=${companions.date.getTime() / 1000}`,
      '--omit-history',
      '--identity-label=false',
    ]
    const inputs = [`--build-context=files=${files}`, `--file=${join(ROOT, 'deploy/image/Containerfile')}`]
    buildah('build', '--quiet', '--isolation=chroot', ...flags, ...inputs, '--tag=image', context)
    buildah('push', '--quiet', '--format=oci', 'image', `oci:${written}`)
  } finally {
    // Its folders are read-only, and only root can remove such folders.
    execFileSync('chmod', ['-R', 'u+w', root])
  }
  const [descriptor] = [field(parse(join(written, 'index.json')), 'manifests')].flat()
  const manifest = parse(join(written, 'blobs', String(field(descriptor, 'digest')).replace(':', '/')))
  const layers = [field(manifest, 'layers')].flat()
  return {
    config: moveBlob(written, layout, field(manifest, 'config')),
    layers: layers.map((layer) => moveBlob(written, layout, layer)),
    debian,
  }
}
