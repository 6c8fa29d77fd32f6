import type { Command, CommandContext, CommandGroup } from '../command-line/command.ts'
import {
  DRY_RUN,
  GROUPS,
  KUBECONFIG,
  KUBECONFIG_CONTEXT,
  MASTER_URL,
  PROMPT,
  ROLE_ARN,
  SSO,
  UPDATE,
  USER_ARN,
  USERNAME,
} from '../command-line/add-options.ts'
import { UsageError } from '../command-line/usage-error.ts'

const NOTE =
  'It changes the ConfigMap kube-system/aws-auth, which the backend EKSConfigMap reads; other entries, data, labels and ' +
  'comments stay as they are. Other backends (CRD, MountedFile, DynamicFile) are not for this command.'

/**
 * Reads the username and the groups of a new entry.
 *
 * @throws {UsageError} One of them, or the principal that the entry is for, is missing.
 */
function requireUser({ setting }: CommandContext, key: string, isThere: boolean): [username: string, groups: string[]] {
  const username = setting(USERNAME)
  const groups = setting(GROUPS)
  if (username !== null && groups.length > 0 && isThere) return [username, [...groups]]
  const missing = [...(isThere ? [] : [key]), ...(username === null ? ['--username'] : [])]
  if (groups.length === 0) missing.push('--groups')
  throw new UsageError(`invalid empty value: give ${missing.join(', ')}`)
}

const user: Command = {
  name: 'user',
  summary: 'Add an IAM user to the ConfigMap aws-auth',
  description: `Adds an IAM user to mapUsers of aws-auth. ${NOTE}`,
  examples: [
    'aws-iam-authenticator add user --kubeconfig ~/.kube/config --username alice --groups team-a,team-b \\',
    '  --userarn arn:aws:iam::123456789012:user/alice',
  ],
  options: [USER_ARN, USERNAME, GROUPS],
  run: async (context) => {
    const userarn = context.setting(USER_ARN)
    const [username, groups] = requireUser(context, '--userarn', userarn !== null)
    const { add: addMapping } = await import('../add/add-mapping.ts')
    const shown = `userarn ${userarn ?? ''}, username ${username}, groups [${groups.join(' ')}]`
    const mapping = { kind: 'user', fields: { userarn: userarn ?? '', username, groups } } as const
    return addMapping(context, { mapping, shown, notes: [] })
  },
}

const SSO_NOTE = 'note: an sso entry takes effect where the server runs with --feature-gates=SSORoleMatch=true'

function pathNotes(rolearn: string): readonly string[] {
  const without = rolearn.replace(/:role\/.*\//, ':role/')
  if (without === rolearn) return []
  return [
    `warning: STS leaves out the path of a role, so that ${rolearn} matches no one without the gate RolePathMatch: write ${without}`,
  ]
}

const role: Command = {
  name: 'role',
  summary: 'Add an IAM role to the ConfigMap aws-auth',
  description: `Adds an IAM role to mapRoles of aws-auth. ${NOTE}`,
  examples: [
    'aws-iam-authenticator add role --kubeconfig ~/.kube/config --username "admin:{{SessionName}}" \\',
    '  --groups system:masters --rolearn arn:aws:iam::123456789012:role/Admin',
    'aws-iam-authenticator add role --kubeconfig ~/.kube/config --username "{{SessionName}}" --groups viewers \\',
    '  --sso permissionSetName=ReadOnly,accountID=123456789012',
  ],
  options: [ROLE_ARN, SSO, USERNAME, GROUPS],
  run: async (context) => {
    const rolearn = context.setting(ROLE_ARN)
    const sso = context.setting(SSO)
    const [username, groups] = requireUser(context, '--rolearn or --sso', rolearn !== null || sso !== null)
    if (rolearn !== null && sso !== null) throw new UsageError('only one of --rolearn or --sso can be supplied')
    const { add: addMapping } = await import('../add/add-mapping.ts')
    const whom = sso === null ? { rolearn: rolearn ?? '' } : { sso }
    const key = sso === null ? `rolearn ${rolearn ?? ''}` : `sso ${JSON.stringify(sso)}`
    return addMapping(context, {
      mapping: { kind: 'role', fields: { ...whom, username, groups } },
      shown: `${key}, username ${username}, groups [${groups.join(' ')}]`,
      notes: sso === null ? pathNotes(rolearn ?? '') : [SSO_NOTE],
    })
  },
}

export const add: CommandGroup = {
  name: 'add',
  summary: 'Add an IAM user or role to the ConfigMap aws-auth',
  description: `Adds an IAM user or role to the mappings of a cluster. ${NOTE}`,
  options: [UPDATE, DRY_RUN, PROMPT, KUBECONFIG, KUBECONFIG_CONTEXT, MASTER_URL],
  commands: [role, user],
}
