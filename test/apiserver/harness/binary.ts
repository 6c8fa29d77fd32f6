import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { textAt } from '@aws-iam-authenticator/core/untrusted'

const APISERVER_TESTS = dirname(dirname(fileURLToPath(import.meta.url)))
const FILES = ['go.mod', 'go.sum', 'main.go']
const VERSION_PACKAGE = 'k8s.io/component-base/version'

/** A Go module of this folder with one program. */
export interface GoProgram {
  /** The file name of the program. */
  readonly name: string
  /** The folder of the module. */
  readonly folder: string
  /** The name and the duration of the build, for the log. */
  readonly description: string
  /** Values for the linker's variables, by name. */
  readonly stamps: Readonly<Record<string, string>>
}

function source(folder: string, name: string): string {
  return readFileSync(join(APISERVER_TESTS, folder, name), 'utf8')
}

/** A go.mod directive with a version: `go`, or a module. */
function versionOf(folder: string, directive: string): string {
  const [, version] = new RegExp(`^\\t?${directive} (\\S+)$`, 'm').exec(source(folder, 'go.mod')) ?? []
  if (version === undefined) throw new Error(`go.mod names no version of ${directive}`)
  return version
}

/** The release of Kubernetes, such as `v1.35.4`. */
export const KUBERNETES_VERSION: string = versionOf('binary', 'k8s.io/kubernetes')

const [major = '', minor = ''] = KUBERNETES_VERSION.slice(1).split('.')

/** kube-apiserver with etcd. */
export const KUBE_APISERVER: GoProgram = {
  name: 'kube-apiserver',
  folder: 'binary',
  description: `kube-apiserver ${KUBERNETES_VERSION} with etcd, once: this takes some minutes`,
  stamps: {
    [`${VERSION_PACKAGE}.gitVersion`]: KUBERNETES_VERSION,
    [`${VERSION_PACKAGE}.gitMajor`]: major,
    [`${VERSION_PACKAGE}.gitMinor`]: minor,
  },
}

/** kubeadm of the same release. */
export const KUBEADM: GoProgram = {
  name: 'kubeadm',
  folder: 'guides/kubeadm',
  description: `kubeadm ${KUBERNETES_VERSION}, once`,
  stamps: KUBE_APISERVER.stamps,
}

/** Reads aws-auth as the reference does. */
export const READ_AWS_AUTH: GoProgram = {
  name: 'read-aws-auth',
  folder: 'read-aws-auth',
  description: 'read-aws-auth, once',
  stamps: {},
}

/** The path of a built program. The folder's name changes with its sources. */
export function programPath({ name, folder }: GoProgram): string {
  const hash = createHash('sha256')
  for (const file of FILES) hash.update(`${file}\0${source(folder, file)}\0`)
  hash.update(`${process.platform} ${process.arch}`)
  const cache = process.env['XDG_CACHE_HOME'] ?? ''
  const root = cache === '' ? join(homedir(), '.cache') : cache
  return join(root, 'aws-iam-authenticator-tests', hash.digest('hex').slice(0, 16), name)
}

/** Runs Go in a folder of sources, with this process' environment, which has its caches and proxy. */
async function go(
  folder: string,
  args: readonly string[],
  output: 'ignore' | 'inherit' | 'pipe',
): Promise<string | undefined> {
  const env = { ...process.env, GOTOOLCHAIN: 'local' }
  const child = spawn('go', args, { cwd: join(APISERVER_TESTS, folder), env, stdio: ['ignore', output, 'inherit'] })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    child.once('close', resolve)
  })
  return code === 0 ? text : undefined
}

function isOlder(version: string, than: string): boolean {
  const [have = 0, wanted = 0] = [version, than].map((text) => {
    const [first = 0, second = 0] = text.split('.').map((part) => Number.parseInt(part, 10))
    return 1000 * first + second
  })
  return have < wanted
}

async function checkGo({ name, folder }: GoProgram): Promise<void> {
  const wanted = versionOf(folder, 'go')
  const found = await go(folder, ['env', 'GOVERSION'], 'pipe')
  if (found === undefined) {
    throw new Error(`Go is needed to build ${name}: put go ${wanted} or newer on PATH (https://go.dev/dl)`)
  }
  const version = found.trim().replace(/^go/, '')
  if (isOlder(version, wanted)) {
    throw new Error(`go ${wanted} or newer is needed to build ${name}; this is ${version}`)
  }
}

/**
 * Builds a program, unless it was built before from the same sources.
 *
 * @returns Its path.
 * @throws Error if Go is missing or too old, or the build fails. The output of Go is on stderr.
 */
export async function buildProgram(program: GoProgram): Promise<string> {
  const path = programPath(program)
  if (existsSync(path)) return path
  await checkGo(program)
  console.log(`building ${program.description}`)
  const stamped = Object.entries(program.stamps).map(([name, value]) => `-X ${name}=${value}`)
  mkdirSync(dirname(path), { recursive: true })
  const aside = `${path}.${randomUUID()}`
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamped].join(' ')]
  try {
    if ((await go(program.folder, ['build', ...flags, '-o', aside, '.'], 'inherit')) === undefined) {
      throw new Error(`the build of ${program.name} failed`)
    }
    renameSync(aside, path)
  } finally {
    rmSync(aside, { force: true })
  }
  return path
}

/** A Go module whose files are read. */
export interface GoModule {
  readonly path: string
  readonly version: string
  /** Its hash, as in go.sum. */
  readonly sum: string
}

export const CLUSTER_API: GoModule = {
  path: 'sigs.k8s.io/cluster-api',
  version: 'v1.14.2',
  sum: 'h1:o3GFNaeNFAOEEMpDPfhCK+2CjmV6gtQ8yLEcUwCg7bA=',
}

export const CLUSTER_API_AWS: GoModule = {
  path: 'sigs.k8s.io/cluster-api-provider-aws/v2',
  version: 'v2.13.0',
  sum: 'h1:yQz7GBrIkPLuEJ5MXNuZ/6eUssTJK8reUnZ6t5QIPnU=',
}

/**
 * Downloads a module, unless Go's cache has it.
 *
 * @returns Its folder.
 * @throws Error if it can't be downloaded or is another one.
 */
export async function moduleFolder({ path, version, sum }: GoModule): Promise<string> {
  const answer: unknown = JSON.parse(
    (await go('guides/kubeadm', ['mod', 'download', '-json', `${path}@${version}`], 'pipe')) ?? '{}',
  )
  const folder = textAt(answer, 'Dir')
  if (folder === undefined)
    throw new Error(`${path} ${version} can't be downloaded: ${textAt(answer, 'Error') ?? 'no Go'}`)
  if (textAt(answer, 'Sum') !== sum) throw new Error(`${path} ${version} is not the expected one`)
  return folder
}
