import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import type { Writable } from '@aws-iam-authenticator/core/edit/render'

export interface ExecUserOptions {
  readonly clusterId: string
  readonly role: string | null
  readonly profile: string | null
  readonly region: string | null
}

const INSTALL_HINT =
  'kubectl logs in to this cluster with an AWS identity, for which it needs aws-iam-authenticator on its PATH.'

/** The variables of the plugin except those that this program writes. */
function otherVariables(user: unknown): Writable[] {
  const variables = property(property(user, 'exec'), 'env')
  if (!Array.isArray(variables)) return []
  return variables.flatMap((variable) => {
    const [name, value] = [textAt(variable, 'name'), textAt(variable, 'value')]
    return name === undefined || value === undefined || name === 'AWS_PROFILE' ? [] : [{ name, value }]
  })
}

/**
 * The content of a kubeconfig user with which kubectl logs in by `token`.
 *
 * @param present The current content of the user. Its other variables are kept.
 * @see {@link https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins | client-go credential plugins}
 */
export function execUser({ clusterId, role, profile, region }: ExecUserOptions, present: unknown): Writable {
  const env = [...(profile === null ? [] : [{ name: 'AWS_PROFILE', value: profile }]), ...otherVariables(present)]
  return {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'aws-iam-authenticator',
      args: [
        'token',
        '-i',
        clusterId,
        ...(role === null ? [] : ['-r', role]),
        ...(region === null ? [] : ['--region', region]),
      ],
      ...(env.length === 0 ? {} : { env }),
      installHint: INSTALL_HINT,
      interactiveMode: 'IfAvailable',
      provideClusterInfo: false,
    },
  }
}
