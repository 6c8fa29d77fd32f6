import { basename, dirname, resolve } from 'node:path'
import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { isRecord, parseJsonValue, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Kubeconfig } from './kubeconfig.ts'

/** An exec plugin of a kubeconfig, ready to run. */
export interface ExecPlugin {
  readonly command: string
  readonly args: readonly string[]
  /** Added to the environment, KUBERNETES_EXEC_INFO included. */
  readonly environment: Readonly<Record<string, string>>
  readonly apiVersion: string
  /** The advice for a missing command; empty if there is none. */
  readonly installHint: string
  /** True if it may prompt the user at the terminal. */
  readonly interactive: boolean
}

/** The credentials of a plugin: a token, a client certificate with its key (PEM), or both. */
interface ExecCredentials {
  readonly token: string | null
  readonly cert?: string
  readonly key?: string
}

const GROUP = 'client.authentication.k8s.io'
const API_VERSIONS: readonly string[] = [`${GROUP}/v1`, `${GROUP}/v1beta1`, `${GROUP}/v1alpha1`]
/** The extension of a cluster that holds the configuration of plugins. */
const EXTENSION = `${GROUP}/exec`

function fault(message: string): AuthenticatorError {
  return new AuthenticatorError('exec_plugin_failed', message)
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The cluster information for plugins: everything that is needed to connect. */
function clusterInfo({ server, tls, cluster }: Kubeconfig): Record<string, unknown> {
  const extension = list(property(cluster, 'extensions')).find((item) => textAt(item, 'name') === EXTENSION)
  const config = property(extension, 'extension')
  const proxy = textAt(cluster, 'proxy-url')
  return {
    server,
    ...(tls.servername === undefined ? {} : { 'tls-server-name': tls.servername }),
    ...(tls.rejectUnauthorized === false ? { 'insecure-skip-tls-verify': true } : {}),
    ...(tls.ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(tls.ca).toString('base64') }),
    ...(proxy === undefined ? {} : { 'proxy-url': proxy }),
    ...(config === undefined ? {} : { config }),
  }
}

/**
 * Reads the exec plugin of a kubeconfig's user. A command with a slash is relative to the folder of the user's file.
 *
 * @param hasTerminal True if the user can be prompted.
 * @throws {AuthenticatorError} `exec_plugin_failed`: the plugin can't be used as it is configured.
 * @see {@link https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins | client-go credential plugins}
 */
export function parseExecPlugin(kubeconfig: Kubeconfig, hasTerminal: boolean): ExecPlugin {
  const { exec, userPath: path } = kubeconfig
  const command = textAt(exec, 'command') ?? ''
  const apiVersion = textAt(exec, 'apiVersion') ?? ''
  const mode = textAt(exec, 'interactiveMode') ?? 'IfAvailable'
  if (command === '') throw fault(`kubeconfig ${path}: the user's exec has no command`)
  if (!API_VERSIONS.includes(apiVersion)) {
    throw fault(`kubeconfig ${path}: exec: apiVersion "${apiVersion}" is none of ${API_VERSIONS.join(', ')}`)
  }
  if (mode === 'Always' && !hasTerminal) {
    throw fault(
      `kubeconfig ${path}: ${command} must talk to a person (interactiveMode: Always): run this in a terminal`,
    )
  }
  const interactive = hasTerminal && mode !== 'Never'
  const withCluster = property(exec, 'provideClusterInfo') === true && !apiVersion.endsWith('/v1alpha1')
  const info = {
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive, ...(withCluster ? { cluster: clusterInfo(kubeconfig) } : {}) },
  }
  const environment: Record<string, string> = {}
  for (const item of list(property(exec, 'env'))) environment[textAt(item, 'name') ?? ''] = textAt(item, 'value') ?? ''
  return {
    command: basename(command) === command ? command : resolve(dirname(path), command),
    args: list(property(exec, 'args')).filter((item) => typeof item === 'string'),
    environment: { ...environment, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    apiVersion,
    installHint: textAt(exec, 'installHint') ?? '',
    interactive,
  }
}

/**
 * Reads the stdout of a plugin. It is secret, so no error quotes it.
 *
 * @throws {AuthenticatorError} `exec_plugin_failed`
 */
export function parseExecCredentials(stdout: string, { command, apiVersion }: ExecPlugin): ExecCredentials {
  const answer = parseJsonValue(stdout)
  if (answer === undefined) {
    throw fault(`exec plugin ${command} answered with no JSON: run it by hand to see what it says`)
  }
  if (!isRecord(answer) || answer['kind'] !== 'ExecCredential') {
    throw fault(`exec plugin ${command} answered with no ExecCredential`)
  }
  if (answer['apiVersion'] !== apiVersion) {
    throw fault(
      `exec plugin ${command} is configured for ${apiVersion} and answered in ${textAt(answer, 'apiVersion') ?? 'none'}: ` +
        'change apiVersion in the kubeconfig, or update the plugin',
    )
  }
  const token = textAt(answer, 'status', 'token') ?? ''
  const cert = textAt(answer, 'status', 'clientCertificateData') ?? ''
  const key = textAt(answer, 'status', 'clientKeyData') ?? ''
  if ((cert === '') !== (key === ''))
    throw fault(`exec plugin ${command} gave a client certificate or its key, not both`)
  if (token === '' && cert === '') throw fault(`exec plugin ${command} gave neither a token nor a client certificate`)
  return { token: token === '' ? null : token, ...(cert === '' ? {} : { cert, key }) }
}
