import { spawn } from 'node:child_process'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode, messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { KubernetesCluster } from '../api/connection.ts'
import { parseExecCredentials, parseExecPlugin, type ExecPlugin } from './exec-credential.ts'
import { readKubeconfig, type KubeconfigChoice } from './kubeconfig.ts'

/** Runs the plugin and returns its stdout. It inherits stderr and, if it is interactive, stdin. */
async function runPlugin(plugin: ExecPlugin, environment: Environment): Promise<string> {
  const { command, args, installHint, interactive } = plugin
  const child = spawn(command, args, {
    env: { ...environment, ...plugin.environment },
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
  })
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
  surroundings: { readonly environment: Environment; readonly hasTerminal: boolean },
): Promise<PersonalCluster> {
  const kubeconfig = await readKubeconfig(paths, choice)
  const { server, tls, userName } = kubeconfig
  const logIn = async (): Promise<KubernetesCluster> => {
    if (kubeconfig.exec === undefined) return kubeconfig
    const plugin = parseExecPlugin(kubeconfig, surroundings.hasTerminal)
    const { token, ...certificate } = parseExecCredentials(await runPlugin(plugin, surroundings.environment), plugin)
    const authorization = token === null ? null : `Bearer ${token}`
    return { server, tls: { ...tls, ...certificate }, authorization: () => Promise.resolve(authorization) }
  }
  return { server, userName, logIn }
}
