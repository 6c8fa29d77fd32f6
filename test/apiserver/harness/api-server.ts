import { spawn } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Agent } from 'undici'
import { minimalEnvironment, temporaryFolder } from '../../e2e/harness/command.ts'
import { valueAt } from '../../e2e/harness/logins.ts'
import { freePort } from '../../e2e/harness/server.ts'
import { kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { writeKubeconfig, type KubeconfigUser } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { buildProgram, KUBE_APISERVER } from './binary.ts'
import { inThrowAwayRoot, type Mount } from './throw-away-root.ts'

const START_MS = 120_000
const POLL_MS = 100

export interface ApiServerOptions {
  /** For `--authentication-token-webhook-config-file`. Without it no webhook is called. */
  readonly webhookKubeconfig?: string
  /** For `--authentication-token-webhook-version`. Default: v1beta1, as in kube-apiserver. */
  readonly version?: 'v1beta1' | 'v1'
  /** More flags of kube-apiserver, such as `--v=4`. They replace the harness's own. */
  readonly flags?: readonly string[]
  /** All that it sees of a node, as the volumes of its pod. Without them it runs on this machine. */
  readonly volumes?: readonly Mount[]
}

/** The options of a kubectl run. */
export interface KubectlOptions {
  /** Default: the administrator's. */
  readonly kubeconfig?: string
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** A real kube-apiserver with its own etcd. No controller manager, scheduler or kubelet runs beside it. */
export interface ApiServer {
  readonly url: string
  readonly port: number
  /** The certificate that its clients trust, PEM. */
  readonly ca: string
  /** The administrator's kubeconfig: group system:masters, with a static token of kube-apiserver. */
  readonly kubeconfig: string
  /** The newest kubectl, by default with the administrator's kubeconfig, in its own environment. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<RunResult>
  /** The same, but a failure is an exception. Returns stdout. */
  admin(args: readonly string[], input?: string): Promise<string>
  /** Writes another kubeconfig for this server into a folder, and returns its path. */
  writeKubeconfig(folder: string, user: KubeconfigUser): Promise<string>
  /** The identity of a token: the username, or `status 401`. */
  whoIs(token: string): Promise<string>
  /** The output so far. */
  log(): string
  /** Restarts the process with the same objects and the given changes. */
  restart(changes?: Pick<ApiServerOptions, 'version'>): Promise<void>
}

interface Process {
  stop(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly text: string
}

const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }

function nameOf(flag: string): string {
  return flag.split('=', 1)[0] ?? ''
}

/** Makes a command run in a root folder with nothing but these volumes and its own data. */
function inVolumes(
  folder: string,
  volumes: readonly Mount[] | undefined,
): (command: readonly [string, ...string[]]) => [string, ...string[]] {
  if (volumes === undefined) return (command) => [...command]
  const root = join(folder, 'root')
  mkdirSync(root)
  return ([binary, ...args]) => {
    const data = { from: folder, to: folder, readOnly: false }
    const program = { from: binary, to: '/kube-apiserver', readOnly: true, file: true }
    return inThrowAwayRoot({
      root,
      mounts: [data, program, ...volumes],
      readOnly: false,
      program: [program.to, ...args],
    })
  }
}

/** Starts kube-apiserver, and waits until it is ready. Its data is removed when the test ends. */
export async function startApiServer(
  t: { teardown(action: () => unknown): void },
  options: ApiServerOptions = {},
): Promise<ApiServer> {
  const binary = await buildProgram(KUBE_APISERVER)
  const program = await kubectl('1.35')
  const folder = temporaryFolder(t)
  const port = await freePort()
  const url = `https://127.0.0.1:${port}`
  const tls = selfSignedPair('kube-apiserver')
  const adminToken = randomUUID()
  const files = {
    'tls.crt': tls.cert,
    'tls.key': tls.key,
    'service-account.key': generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
    'tokens.csv': `${adminToken},admin,admin,system:masters\n`,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
  const file = (name: keyof typeof files): string => join(folder, name)
  const webhookFlags = (version: string): string[] =>
    options.webhookKubeconfig === undefined
      ? []
      : [
          `--authentication-token-webhook-config-file=${options.webhookKubeconfig}`,
          `--authentication-token-webhook-version=${version}`,
        ]
  const ours = [
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--tls-cert-file=${file('tls.crt')}`,
    `--tls-private-key-file=${file('tls.key')}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${file('tokens.csv')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('service-account.key')}`,
    `--service-account-signing-key-file=${file('service-account.key')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--profiling=false',
    // Shows its flags in the log.
    '--v=1',
  ]
  const given = options.flags ?? []
  const flags = [join(folder, 'etcd'), ...ours.filter((flag) => !given.some((other) => nameOf(other) === nameOf(flag)))]
  const command = inVolumes(folder, options.volumes)
  const logFile = join(folder, 'kube-apiserver.log')
  const log = (): string => readFileSync(logFile, 'utf8')
  const agent = new Agent({ connect: { ca: tls.cert, servername: 'localhost' } })
  t.teardown(() => agent.destroy())
  const ask = async (method: 'GET' | 'POST', path: string, token: string, body = ''): Promise<Answer> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await agent.request({ origin: url, path, method, headers, body: body === '' ? null : body })
    return { status: answer.statusCode, text: await answer.body.text() }
  }

  const start = async (version: string): Promise<Process> => {
    const output = openSync(logFile, 'a')
    const [executable, ...args] = command([binary, ...flags, ...given, ...webhookFlags(version)])
    const child = spawn(executable, args, {
      env: minimalEnvironment(folder),
      cwd: folder,
      stdio: ['ignore', output, output],
    })
    let running = true
    const ended = new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', () => {
        running = false
        resolve()
      })
    })
    const process: Process = {
      stop: async () => {
        // A client that waited for the answer to its write loses nothing: etcd has it then.
        if (running) child.kill('SIGKILL')
        await ended
      },
    }
    const deadline = performance.now() + START_MS
    for (;;) {
      const { status } = await ask('GET', '/readyz', adminToken).catch(() => ({ status: 0 }))
      if (status === 200) return process
      if (!running || performance.now() > deadline) {
        await process.stop()
        throw new Error(`kube-apiserver is not ready:\n${log().split('\n').slice(-30).join('\n')}`)
      }
      await setTimeout(POLL_MS)
    }
  }

  const write: ApiServer['writeKubeconfig'] = async (where, user) => {
    const path = join(where, `kubeconfig-${randomUUID()}`)
    await writeKubeconfig(path, { server: url, certificateAuthority: tls.cert, user })
    return path
  }
  const kubeconfig = await write(folder, { token: adminToken })
  const run: ApiServer['kubectl'] = (kubectlArgs, more = {}) => {
    const env = { ...minimalEnvironment(folder), ...more.environment, KUBECONFIG: more.kubeconfig ?? kubeconfig }
    return runBinary(program, kubectlArgs, {
      env,
      cwd: folder,
      ...(more.input === undefined ? {} : { input: more.input }),
    })
  }
  const admin: ApiServer['admin'] = async (kubectlArgs, input = '') => {
    const { code, stdout, stderr } = await run(kubectlArgs, { input })
    if (code !== 0) throw new Error(`kubectl ${kubectlArgs.join(' ')}: ${stderr}`)
    return stdout
  }

  let { version = 'v1beta1' } = options
  let current = await start(version)
  t.teardown(() => current.stop())
  // A post-start hook of kube-apiserver creates the system namespaces, a moment after it is ready.
  for (const namespace of ['kube-system', 'default']) {
    await admin(['wait', '--for=create', `namespace/${namespace}`, '--timeout=60s'])
  }
  return {
    url,
    port,
    ca: tls.cert,
    kubeconfig,
    kubectl: run,
    admin,
    writeKubeconfig: write,
    whoIs: async (token) => {
      const path = `/apis/${REVIEW.apiVersion}/selfsubjectreviews`
      const { status, text } = await ask('POST', path, token, JSON.stringify(REVIEW))
      if (status !== 201) return `status ${status}`
      return String(valueAt(JSON.parse(text), 'status', 'userInfo', 'username'))
    },
    log,
    restart: async (changes = {}) => {
      await current.stop()
      version = changes.version ?? version
      current = await start(version)
    },
  }
}
