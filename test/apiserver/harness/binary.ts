import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = join(dirname(dirname(fileURLToPath(import.meta.url))), 'binary')
const FILES = ['go.mod', 'go.sum', 'main.go']
const VERSION_PACKAGE = 'k8s.io/component-base/version'

function source(name: string): string {
  return readFileSync(join(SOURCES, name), 'utf8')
}

/** A directive of go.mod that says a version: `go`, or a module. */
function versionOf(directive: string): string {
  const [, version] = new RegExp(`^\\t?${directive} (\\S+)$`, 'm').exec(source('go.mod')) ?? []
  if (version === undefined) throw new Error(`go.mod names no version of ${directive}`)
  return version
}

/** The release of Kubernetes, such as `v1.35.4`. */
export const KUBERNETES_VERSION: string = versionOf('k8s.io/kubernetes')

/** Where the binary is once it is built: the folder's name changes with its sources. */
export function binaryPath(): string {
  const hash = createHash('sha256')
  for (const name of FILES) hash.update(`${name}\0${source(name)}\0`)
  hash.update(`${process.platform} ${process.arch}`)
  const cache = process.env['XDG_CACHE_HOME'] ?? ''
  const root = cache === '' ? join(homedir(), '.cache') : cache
  return join(root, 'aws-iam-authenticator-tests', hash.digest('hex').slice(0, 16), 'kube-apiserver')
}

/** Runs Go in the folder of the sources, with this process' environment: Go finds its caches and its proxy by it. */
async function go(args: readonly string[], output: 'ignore' | 'inherit' | 'pipe'): Promise<string | undefined> {
  const env = { ...process.env, GOTOOLCHAIN: 'local' }
  const child = spawn('go', args, { cwd: SOURCES, env, stdio: ['ignore', output, 'inherit'] })
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
    const [major = 0, minor = 0] = text.split('.').map((part) => Number.parseInt(part, 10))
    return 1000 * major + minor
  })
  return have < wanted
}

/**
 * Builds kube-apiserver with etcd, unless these sources were built before.
 *
 * @returns Its path.
 * @throws Error when Go is not there or too old, or the build fails; Go's own words are on stderr then.
 */
export async function buildBinary(): Promise<string> {
  const path = binaryPath()
  if (existsSync(path)) return path
  const wanted = versionOf('go')
  const found = await go(['env', 'GOVERSION'], 'pipe')
  if (found === undefined) {
    throw new Error(`Go is needed to build kube-apiserver: put go ${wanted} or newer on PATH (https://go.dev/dl)`)
  }
  const version = found.trim().replace(/^go/, '')
  if (isOlder(version, wanted))
    throw new Error(`go ${wanted} or newer is needed to build kube-apiserver; this is ${version}`)

  console.log(`building kube-apiserver ${KUBERNETES_VERSION} with etcd, once: this takes some minutes`)
  const [major = '', minor = ''] = KUBERNETES_VERSION.slice(1).split('.')
  const stamps = { gitVersion: KUBERNETES_VERSION, gitMajor: major, gitMinor: minor }
  const stamped = Object.entries(stamps).map(([name, value]) => `-X ${VERSION_PACKAGE}.${name}=${value}`)
  mkdirSync(dirname(path), { recursive: true })
  const aside = `${path}.${randomUUID()}`
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', ['-s', '-w', ...stamped].join(' ')]
  try {
    if ((await go(['build', ...flags, '-o', aside, '.'], 'inherit')) === undefined) {
      throw new Error('the build of kube-apiserver failed')
    }
    renameSync(aside, path)
  } finally {
    rmSync(aside, { force: true })
  }
  return path
}
