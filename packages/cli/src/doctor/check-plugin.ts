import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import type { Finding } from './check.ts'
import type { ExecEntry } from './exec-entry.ts'
import { findProgram, outputOf } from './programs.ts'

const MAX_VERSION_LENGTH = 80

/** The path of a program, and its version; empty if it is unknown. */
interface Program {
  readonly path: string
  readonly version: string
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Reads a version from JSON, such as `{"Version":"1.0.0"}`, or else takes the first line. */
function readVersion(output: string): string {
  const [line = ''] = output.trim().split('\n', 1)
  return (textAt(parse(output), 'Version') ?? line).slice(0, MAX_VERSION_LENGTH)
}

/** Checks that the plugin's program exists and runs. */
export async function checkProgram({ plugin, environment }: ExecEntry): Promise<Finding<Program>> {
  const { command, installHint } = plugin
  const path = findProgram(command, environment)
  if (path === undefined) {
    const hint = installHint === '' ? 'install it, or write its whole path into the kubeconfig' : installHint
    throw new AuthenticatorError('exec_plugin_failed', `"${command}" is not found on PATH: ${hint}`)
  }
  try {
    const args = path.replace(/\.exe$/i, '').endsWith('aws') ? ['--version'] : ['version']
    const version = readVersion(await outputOf(path, args, environment))
    return { found: `${path}, version ${version}`, value: { path, version } }
  } catch {
    throw new AuthenticatorError(
      'exec_plugin_failed',
      `${path} does not run: try "${path} version", and install it again`,
    )
  }
}

interface KubectlVersion {
  readonly major: number
  readonly minor: number
}

async function kubectlVersion(environment: Environment): Promise<KubectlVersion | undefined> {
  const path = findProgram('kubectl', environment)
  if (path === undefined) return undefined
  const output = await outputOf(path, ['version', '--client', '-o', 'json'], environment).catch(() => '')
  const version = textAt(parse(output), 'clientVersion', 'gitVersion') ?? ''
  const [, major, minor] = /^v(\d{1,3})\.(\d{1,3})\./.exec(version) ?? []
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) }
}

/** The kubectl releases that accept an API version of exec plugins: the first, and the first that no longer does. */
const ACCEPTED_BY: ReadonlyMap<string, readonly [first: number, gone: number]> = new Map([
  ['v1alpha1', [10, 24]],
  ['v1beta1', [11, Infinity]],
  ['v1', [22, Infinity]],
])

/**
 * Checks that kubectl accepts the API version of the exec entry.
 *
 * @see {@link https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins | client-go credential plugins}
 */
export async function checkApiVersion({ plugin, environment }: ExecEntry): Promise<Finding<object>> {
  const { apiVersion } = plugin
  const kubectl = await kubectlVersion(environment)
  if (kubectl === undefined) {
    const found = `${apiVersion}; kubectl is not on PATH or does not tell its version, so this is not checked`
    return { found, value: {}, isWarning: true }
  }
  const { major, minor } = kubectl
  const [first, gone] = ACCEPTED_BY.get(apiVersion.slice(apiVersion.lastIndexOf('/') + 1)) ?? [0, Infinity]
  if (major === 1 && (minor < first || minor >= gone)) {
    throw new AuthenticatorError(
      'exec_plugin_failed',
      `kubectl ${major}.${minor} does not accept ${apiVersion}: write client.authentication.k8s.io/v1beta1 as the ` +
        `apiVersion of the exec entry`,
    )
  }
  return { found: `${apiVersion}, accepted by kubectl ${major}.${minor}`, value: {} }
}
