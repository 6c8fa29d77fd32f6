import { randomUUID } from 'node:crypto'
import { access, mkdir, readFile, readlink, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** Where a pod finds its service account (Kubernetes documentation, "Accessing the Kubernetes API from a Pod"). */
export const WELL_KNOWN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

const OWNER_FILE = '.sandbox-owner'
const PATIENCE_MS = 60_000

export type ServiceAccountFiles = {
  token: string
  /** PEM. */
  certificateAuthority: string
  namespace: string
}

/** A laid out service-account folder. */
export type ServiceAccountFolder = {
  path: string
  /** Replaces the files all at once, as the kubelet does when it rotates a token. */
  update(files: ServiceAccountFiles): Promise<void>
  remove(): Promise<void>
}

/** The two variables of a pod's environment that say where the API server is. */
export function inClusterEnvironment(api: { host: string; port: number }): Record<string, string> {
  return { KUBERNETES_SERVICE_HOST: api.host, KUBERNETES_SERVICE_PORT: String(api.port) }
}

async function writeVersion(path: string, files: ServiceAccountFiles): Promise<void> {
  const before = await readlink(join(path, '..data')).catch(() => undefined)
  const version = `..${randomUUID()}`
  await mkdir(join(path, version))
  await writeFile(join(path, version, 'token'), files.token, { mode: 0o600 })
  await writeFile(join(path, version, 'ca.crt'), files.certificateAuthority)
  await writeFile(join(path, version, 'namespace'), files.namespace)
  const aside = join(path, `..data_${randomUUID()}`)
  await symlink(version, aside)
  await rename(aside, join(path, '..data'))
  if (before !== undefined) await rm(join(path, before), { recursive: true })
}

/**
 * Fills a folder as the kubelet fills a projected volume: the files are links through `..data`, which is a link to the
 * current version's folder. The folder is created where it is missing.
 */
export async function layOutServiceAccount(path: string, files: ServiceAccountFiles): Promise<ServiceAccountFolder> {
  await mkdir(path, { recursive: true })
  await writeVersion(path, files)
  for (const name of ['token', 'ca.crt', 'namespace']) await symlink(join('..data', name), join(path, name))
  return {
    path,
    update: (next) => writeVersion(path, next),
    remove: () => rm(path, { recursive: true, force: true }),
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** The owner's mark is inside before the folder is in its place, so that no one sees it without. */
async function claim(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true })
  const aside = `${path}.${randomUUID()}`
  try {
    await mkdir(aside)
    await writeFile(join(aside, OWNER_FILE), String(process.pid))
    await rename(aside, path)
    return true
  } catch (error) {
    await rm(aside, { recursive: true, force: true })
    // Taken by someone else, or its parents were just cleared away.
    if (hasCode(error, 'EEXIST', 'ENOTEMPTY', 'ENOENT')) return false
    throw error
  }
}

/** Removes the parents too, as far up as they are empty: the machine had none before. */
async function release(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
    await rm(aside, { recursive: true })
    await rmdir(dirname(path))
    await rmdir(dirname(dirname(path)))
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'ENOENT', 'EBUSY')) throw error
  }
}

/**
 * Lays out the service account in the place where a pod has it. Test processes take turns: one that finds the folder
 * in use by another waits for it; what a killed one left behind is cleared away.
 *
 * @returns undefined when this is not root, or when the machine has such a folder of its own.
 * @throws Error when another test process keeps the folder for too long.
 */
export async function wellKnownServiceAccount(
  files: ServiceAccountFiles,
  path: string = WELL_KNOWN_FOLDER,
): Promise<ServiceAccountFolder | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const start = Date.now(); Date.now() - start < PATIENCE_MS; await setTimeout(50)) {
    if (await claim(path)) {
      return { ...(await layOutServiceAccount(path, files)), remove: () => release(path) }
    }
    const owner = await readFile(join(path, OWNER_FILE), 'utf8').catch(() => undefined)
    if (owner === undefined && (await isThere(path))) return undefined
    if (owner !== undefined && !isRunning(Number(owner))) await release(path)
  }
  throw new Error(`${path} is still in use by another test`)
}
