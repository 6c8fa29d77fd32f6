import { spawn, type ChildProcess } from 'node:child_process'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { KubernetesCluster } from '../api/connection.ts'
import { parseExecCredentials, parseExecPlugin, type ExecPlugin } from './exec-credential.ts'
import { readKubeconfig, type KubeconfigChoice } from './kubeconfig.ts'

/** Where a plugin runs. */
interface Surroundings {
  readonly environment: Environment
  readonly hasTerminal: boolean
  /** If nobody waits for the plugin: it can't prompt or write to the terminal, and is killed after this time, in milliseconds. */
  readonly unattendedMs?: number
}

/** Kills a process and its children after a time limit, or if this process is interrupted. */
function endAfter(child: ChildProcess, timeoutMs: number): void {
  const { pid } = child
  if (pid === undefined) return
  const kill = (): void => {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  const timer = setTimeout(kill, timeoutMs)
  const onInterrupt = (): void => {
    kill()
    process.exit(130)
  }
  process.once('SIGINT', onInterrupt)
  child.once('close', () => {
    clearTimeout(timer)
    process.off('SIGINT', onInterrupt)
  })
}

/** Runs the plugin and returns its stdout. It inherits stderr and, if it is interactive, stdin. */
async function runPlugin(plugin: ExecPlugin, { environment, unattendedMs }: Surroundings): Promise<string> {
  const { command, args, installHint, interactive } = plugin
  const isUnattended = unattendedMs !== undefined
  const child = spawn(command, args, {
    env: { ...environment, ...plugin.environment },
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', isUnattended ? 'ignore' : 'inherit'],
    // A session of its own has no terminal to prompt on.
    detached: isUnattended,
  })
  if (isUnattended) endAfter(child, unattendedMs)
  const written: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => written.push(chunk))
  const failure = await new Promise<string>((done) => {
    child.once('error', (error) => {
      const isMissing = errorCode(error) === 'ENOENT'
      done(isMissing ? `is not found${installHint === '' ? '' : `: ${installHint}`}` : `can't run: ${messageOf(error)}`)
    })
    child.once('close', (code, signal) => done(code === 0 ? '' : `failed with ${signal ?? `exit code ${code ?? ''}`}`))
  })
  if (failure === '') return Buffer.concat(written).toString('utf8')
  throw new AuthenticatorError('exec_plugin_failed', `exec plugin ${command} of the kubeconfig ${failure}`)
}

/** An API server that a user logs in to. The login may prompt the user. */
interface PersonalCluster {
  readonly server: string
  /** The name of the user in the kubeconfig. */
  readonly userName: string
  readonly logIn: () => Promise<KubernetesCluster>
}

/**
 * Reads the API server from a user's kubeconfig, with a token, a client certificate or an exec plugin.
 *
 * @param paths The files that form the kubeconfig.
 * @throws {FileError} The kubeconfig can't be used. `logIn` throws AuthenticatorError `exec_plugin_failed`.
 */
export async function fromPersonalKubeconfig(
  paths: readonly string[],
  choice: KubeconfigChoice,
  surroundings: Surroundings,
): Promise<PersonalCluster> {
  const kubeconfig = await readKubeconfig(paths, choice)
  const { server, tls, userName } = kubeconfig
  const logIn = async (): Promise<KubernetesCluster> => {
    if (kubeconfig.exec === undefined) return kubeconfig
    const plugin = parseExecPlugin(kubeconfig, surroundings.hasTerminal)
    const { token, ...certificate } = parseExecCredentials(await runPlugin(plugin, surroundings), plugin)
    const authorization = token === null ? null : `Bearer ${token}`
    return { server, tls: { ...tls, ...certificate }, authorization: () => Promise.resolve(authorization) }
  }
  return { server, userName, logIn }
}
