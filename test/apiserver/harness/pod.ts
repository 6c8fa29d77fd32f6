import { spawn } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { finish, temporaryFolder, type Finished } from '../../e2e/harness/command.ts'
import { valueAt } from '../../e2e/harness/logins.ts'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { ApiServer } from './api-server.ts'
import type { Node } from './node.ts'
import { inThrowAwayRoot, type Mount } from './throw-away-root.ts'

const NAMESPACE = 'kube-system'
const ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
const ENTRY_POINT = '/aws-iam-authenticator'
/** The `fsGroup` of pods with a Secret. */
const FS_GROUP = 10_000
const CA_FILE = '/sandbox-ca.pem'

export interface PodOptions {
  readonly api: ApiServer
  /** The folders of its hostPath volumes, and the executable that its user data installed. */
  readonly node: Node
  readonly aws: SandboxAws
  /** The name of the DaemonSet. Default: `aws-iam-authenticator`. */
  readonly name?: string
}

/** The container of the DaemonSet, run as by a kubelet: its arguments, user, volumes and service account. */
export interface Pod {
  /** The stderr so far. */
  output(): string
  /** Waits until the output satisfies the condition. */
  until(condition: (output: string) => boolean): Promise<void>
  /** Stops it and returns its outcome. */
  stop(signal?: NodeJS.Signals): Promise<Finished>
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown, ...keys: readonly string[]): string {
  const found = valueAt(value, ...keys)
  if (typeof found !== 'string' && typeof found !== 'number') throw new TypeError(`no ${keys.join('.')}`)
  return String(found)
}

/** The files of a Secret, with the owner and mode that the kubelet gives a volume of a pod with `fsGroup`. */
async function secretFolder(volume: unknown, folder: string, { api }: PodOptions): Promise<string> {
  const name = text(volume, 'secret', 'secretName')
  const mode = Number(text(volume, 'secret', 'defaultMode'))
  const secret: unknown = JSON.parse(await api.admin(['get', 'secret', name, '-n', NAMESPACE, '-o', 'json']))
  mkdirSync(folder)
  for (const [key, value] of Object.entries(valueAt(secret, 'data') ?? {})) {
    const path = join(folder, key)
    writeFileSync(path, Buffer.from(String(value), 'base64'))
    chownSync(path, 0, FS_GROUP)
    chmodSync(path, mode | 0o440)
  }
  return folder
}

/** The local folder of a volume. */
async function folderOf(volume: unknown, folder: string, options: PodOptions): Promise<string> {
  const { api, node } = options
  if (valueAt(volume, 'hostPath') !== undefined) return node.path(text(volume, 'hostPath', 'path'))
  if (valueAt(volume, 'secret') !== undefined) return secretFolder(volume, folder, options)
  const name = text(volume, 'configMap', 'name')
  const map: unknown = JSON.parse(await api.admin(['get', 'configmap', name, '-n', NAMESPACE, '-o', 'json']))
  mkdirSync(folder)
  for (const [key, value] of Object.entries(valueAt(map, 'data') ?? {})) writeFileSync(join(folder, key), String(value))
  return folder
}

/** The service account's files as the kubelet projects them, with a token from kube-apiserver. */
async function serviceAccount(name: string, folder: string, { api }: PodOptions): Promise<void> {
  mkdirSync(folder)
  const token = await api.admin(['create', 'token', name, '-n', NAMESPACE])
  for (const [file, value] of Object.entries({ token: token.trim(), 'ca.crt': api.ca, namespace: NAMESPACE })) {
    writeFileSync(join(folder, file), value)
  }
}

/** Starts the DaemonSet of the cluster, and waits until it listens. */
export async function startPod(t: { teardown(action: () => unknown): void }, options: PodOptions): Promise<Pod> {
  const { api, node, aws, name: daemonSet = 'aws-iam-authenticator' } = options
  const object: unknown = JSON.parse(await api.admin(['get', 'daemonset', daemonSet, '-n', NAMESPACE, '-o', 'json']))
  const spec = valueAt(object, 'spec', 'template', 'spec')
  const container = list(valueAt(spec, 'containers'))[0]
  const folder = temporaryFolder(t)
  chmodSync(folder, 0o755)
  const root = join(folder, 'root')
  mkdirSync(root)

  const mounts: Mount[] = [
    { from: node.path('/usr/local/bin/aws-iam-authenticator'), to: ENTRY_POINT, readOnly: true, file: true },
  ]
  for (const mount of list(valueAt(container, 'volumeMounts'))) {
    const name = text(mount, 'name')
    const volume = list(valueAt(spec, 'volumes')).find((each) => valueAt(each, 'name') === name)
    const from = await folderOf(volume, join(folder, name), options)
    mounts.push({ from, to: text(mount, 'mountPath'), readOnly: valueAt(mount, 'readOnly') === true })
  }
  if (valueAt(spec, 'automountServiceAccountToken') !== false) {
    const from = join(folder, 'service-account')
    await serviceAccount(text(spec, 'serviceAccountName'), from, options)
    mounts.push({ from, to: ACCOUNT_FOLDER, readOnly: true })
  }
  copyFileSync(aws.caFile, join(root, CA_FILE))
  chmodSync(join(root, CA_FILE), 0o644)

  const security = 'securityContext'
  const user = text(spec, security, 'runAsUser')
  const group = text(spec, security, 'runAsGroup')
  const groups = list(valueAt(spec, security, 'supplementalGroups')).join(',')
  const least = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all']
  const command = [ENTRY_POINT, ...list(valueAt(container, 'args')).map(String)]
  const [program, ...args] = inThrowAwayRoot({
    root,
    mounts,
    readOnly: valueAt(container, security, 'readOnlyRootFilesystem') === true,
    program: [
      '/usr/bin/setpriv',
      `--reuid=${user}`,
      `--regid=${group}`,
      groups === '' ? '--clear-groups' : `--groups=${groups}`,
      ...least,
      ...command,
    ],
  })
  const env = {
    PATH: '/usr/bin:/bin',
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(api.port),
    HTTPS_PROXY: aws.proxyUrl,
    SSL_CERT_FILE: CA_FILE,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  // The shell's `mount` needs the PATH of this machine. The chain of `exec` ends in the server itself.
  const child = spawn(program, args, { env: { ...env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } })
  let output = ''
  let running = true
  const checks = new Set<() => void>()
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
    for (const check of checks) check()
  })
  const finished = finish(child)
  child.once('close', () => {
    running = false
    for (const check of checks) check()
  })
  const until = (condition: (output: string) => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = condition(output)
        if (!found && running) return
        checks.delete(check)
        if (found) resolve()
        else reject(new Error(`the server ended:\n${output}`))
      }
      checks.add(check)
      check()
    })
  const stop: Pod['stop'] = async (signal = 'SIGTERM') => {
    if (running) child.kill(signal)
    return finished
  }
  t.teardown(() => stop('SIGKILL'))
  await until((written) => /msg="?listening/.test(written))
  return { output: () => output, until, stop }
}
