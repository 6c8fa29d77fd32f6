import type { Command, CommandGroup } from '../command-line/command.ts'
import {
  DRY_RUN,
  KUBECONFIG,
  KUBECONFIG_CONTEXT,
  MASTER_URL,
  PROMPT,
  ROLE_ARN,
  SSO,
  USER_ARN,
} from '../command-line/add-options.ts'
import { UsageError } from '../command-line/usage-error.ts'

const NOTE =
  'It changes the ConfigMap kube-system/aws-auth, which the backend EKSConfigMap reads. If several entries are for the same ARN, all of ' +
  'them are named and removed. Other entries, data, labels and comments stay as they are.'

const user: Command = {
  name: 'user',
  summary: 'Remove an IAM user from the ConfigMap aws-auth',
  description: `Removes an IAM user from mapUsers of aws-auth. ${NOTE}`,
  examples: [
    'aws-iam-authenticator remove user --kubeconfig ~/.kube/config --userarn arn:aws:iam::123456789012:user/alice --dry-run',
  ],
  options: [USER_ARN],
  run: async (context) => {
    const userarn = context.setting(USER_ARN)
    if (userarn === null) throw new UsageError('invalid empty value: give --userarn')
    const { remove: removeMapping } = await import('../add/remove-mapping.ts')
    return removeMapping(context, { kind: 'user', principal: { userarn } }, `userarn ${userarn}`)
  },
}

const role: Command = {
  name: 'role',
  summary: 'Remove an IAM role from the ConfigMap aws-auth',
  description: `Removes an IAM role from mapRoles of aws-auth. ${NOTE}`,
  examples: [
    'aws-iam-authenticator remove role --kubeconfig ~/.kube/config --rolearn arn:aws:iam::123456789012:role/Admin',
    'aws-iam-authenticator remove role --kubeconfig ~/.kube/config --sso permissionSetName=ReadOnly,accountID=123456789012',
  ],
  options: [ROLE_ARN, SSO],
  run: async (context) => {
    const [rolearn, sso] = [context.setting(ROLE_ARN), context.setting(SSO)]
    if (rolearn !== null && sso !== null) throw new UsageError('only one of --rolearn or --sso can be supplied')
    const { remove: removeMapping } = await import('../add/remove-mapping.ts')
    if (sso !== null) {
      return removeMapping(context, { kind: 'role', principal: { sso } }, `sso ${JSON.stringify(sso)}`)
    }
    if (rolearn === null) throw new UsageError('invalid empty value: give --rolearn or --sso')
    return removeMapping(context, { kind: 'role', principal: { rolearn } }, `rolearn ${rolearn}`)
  },
}

export const remove: CommandGroup = {
  name: 'remove',
  summary: 'Remove an IAM user or role from the ConfigMap aws-auth',
  description: `Removes an IAM user or role from the mappings of a cluster. ${NOTE}`,
  options: [DRY_RUN, PROMPT, KUBECONFIG, KUBECONFIG_CONTEXT, MASTER_URL],
  commands: [role, user],
}
