import { spawn } from 'node:child_process'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf } from '@aws-iam-authenticator/core/untrusted'
import type { KubernetesCluster } from '../api/connection.ts'
import { parseExecCredentials, parseExecPlugin, type ExecPlugin } from './exec-credential.ts'
import { readKubeconfig, type KubeconfigChoice } from './kubeconfig.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Gives what the plugin writes to stdout. Its stderr, and stdin where it may talk to the person, are this process's. */
async function runPlugin(plugin: ExecPlugin, environment: Environment): Promise<string> {
  const { command, args, installHint, interactive } = plugin
  const child = spawn(command, args, {
    env: { ...environment, ...plugin.environment },
    stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
  })
  const written: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => written.push(chunk))
  const how = await new Promise<string>((done) => {
    child.once('error', (error) => {
      const isGone = 'code' in error && error.code === 'ENOENT'
      done(isGone ? `is not found${installHint === '' ? '' : `: ${installHint}`}` : `can't run: ${messageOf(error)}`)
    })
    child.once('close', (code, signal) => done(code === 0 ? '' : `failed with ${signal ?? `exit code ${code ?? ''}`}`))
  })
  if (how === '') return Buffer.concat(written).toString('utf8')
  throw new AuthenticatorError('exec_plugin_failed', `exec plugin ${command} of the kubeconfig ${how}`)
}

/** An API server that a person uses; logging in may take that person's attention. */
interface PersonalCluster {
  readonly server: string
  readonly logIn: () => Promise<KubernetesCluster>
}

/**
 * The API server that a person's kubeconfig leads to: with a token, a client certificate, or an exec plugin.
 *
 * @param paths The files that together are the kubeconfig.
 * @throws {FileError} The kubeconfig can't be used. `logIn` throws AuthenticatorError `exec_plugin_failed`.
 */
export async function fromPersonalKubeconfig(
  paths: readonly string[],
  choice: KubeconfigChoice,
  surroundings: { readonly environment: Environment; readonly hasTerminal: boolean },
): Promise<PersonalCluster> {
  const kubeconfig = await readKubeconfig(paths, choice)
  const { server, tls } = kubeconfig
  const logIn = async (): Promise<KubernetesCluster> => {
    if (kubeconfig.exec === undefined) return kubeconfig
    const plugin = parseExecPlugin(kubeconfig, surroundings.hasTerminal)
    const { token, ...certificate } = parseExecCredentials(await runPlugin(plugin, surroundings.environment), plugin)
    const authorization = token === null ? null : `Bearer ${token}`
    return { server, tls: { ...tls, ...certificate }, authorization: () => Promise.resolve(authorization) }
  }
  return { server, logIn }
}
