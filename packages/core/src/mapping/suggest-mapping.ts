import type { Identity } from '../identity/caller-identity.ts'
import { BACKENDS, type BackendMode } from './backend-mode.ts'

/** ARNs that mean the same in every shell. The path of a user may have any character. */
const PASTABLE_ARN = /^[\w+=,.@:/-]{1,300}$/

/** A name that the person who pastes the suggestion replaces. As it stands it grants nothing. */
const GROUP = 'GROUP'

/** A valid name of an object. */
function objectName(name: string): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return words.join('-')
}

type Value = string | readonly Value[] | { readonly [key: string]: Value }

/** Renders a value as YAML on one line, without double quotes, which log lines escape. No text has a single quote. */
function flowYaml(value: Value): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(flowYaml).join(', ')}]`
  const pairs = Object.entries(value).map(([key, item]) => `${key}: ${flowYaml(item)}`)
  return `{${pairs.join(', ')}}`
}

/** The part of the username that names the session of a role. A JWT may name no session. */
function sessionTemplate(web: Identity['web']): string {
  if (web === undefined) return ':{{SessionName}}'
  return web.sourceIdentity === undefined ? '' : ':{{SourceIdentity}}'
}

/**
 * Suggests how to map an unmapped identity, as one line to paste: an `add` command if a backend reads aws-auth, else an entry or an
 * object. The username has a prefix, so that a caller can't choose that of somebody else by the name of a session.
 *
 * @returns null if the identity is neither a role nor a user, or its ARN is not safe to paste.
 */
export function suggestMapping(
  { canonicalArn: arn, kind, web }: Pick<Identity, 'canonicalArn' | 'kind' | 'web'>,
  modes: readonly BackendMode[],
): string | null {
  if ((kind !== 'role' && kind !== 'user') || !PASTABLE_ARN.test(arn)) return null
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  const username = `${kind}:${name}${kind === 'role' ? sessionTemplate(web) : ''}`
  const forms = modes.map((mode) => BACKENDS.find((backend) => backend.mode === mode)?.form)
  const form = forms.includes('command') ? 'command' : forms[0]
  if (form === 'command') {
    const flags = `--${kind}arn ${arn} --username '${username}' --groups ${GROUP}`
    return `aws-iam-authenticator add ${kind} --kubeconfig ~/.kube/config ${flags}`
  }
  const entry = { [`${kind}arn`]: arn, username, groups: [GROUP] }
  if (form === 'json') return JSON.stringify(entry)
  if (form === 'yaml') return flowYaml(entry)
  const metadata = { name: `${kind}-${objectName(name)}` }
  const spec = { arn, username, groups: [GROUP] }
  return flowYaml({ apiVersion: 'iamauthenticator.k8s.aws/v1alpha1', kind: 'IAMIdentityMapping', metadata, spec })
}
