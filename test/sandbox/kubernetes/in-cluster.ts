import { randomUUID } from 'node:crypto'
import { access, mkdir, readFile, readlink, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** The folder of a pod's service account (Kubernetes documentation, "Accessing the Kubernetes API from a Pod"). */
export const WELL_KNOWN_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

const OWNER_FILE = '.sandbox-owner'
const PATIENCE_MS = 60_000

export type ServiceAccountFiles = {
  token: string
  /** PEM. */
  certificateAuthority: string
  namespace: string
}

/** A service-account folder. */
export type ServiceAccountFolder = {
  path: string
  /** Replaces the files all at once, as the kubelet does when it rotates a token. */
  update(files: ServiceAccountFiles): Promise<void>
  remove(): Promise<void>
}

/** The two variables of a pod's environment with the address of the API server. */
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
 * current version's folder. The folder is created if missing.
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

/** The owner's mark is written before the folder is moved into place, so that no process sees it without. */
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
    // Another process has it, or its parents were just removed.
    if (hasCode(error, 'EEXIST', 'ENOTEMPTY', 'ENOENT')) return false
    throw error
  }
}

/** Removes the parents too, as far as they are empty: the machine had none before. */
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
 * Creates the service account at the path that pods use. Test processes take turns: a process waits while another
 * one uses the folder. The folder of a killed process is removed.
 *
 * @returns undefined without root, or if the machine has such a folder of its own.
 * @throws Error if another test process keeps the folder for too long.
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
