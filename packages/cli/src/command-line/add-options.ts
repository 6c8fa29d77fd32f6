import { flag, list, text, type Option } from './option.ts'

export const PROMPT: Option<boolean> = flag(
  { flag: 'prompt', description: 'Ask before anything is written; --prompt=false does not ask' },
  true,
)
export const DRY_RUN: Option<boolean> = flag({
  flag: 'dry-run',
  description: 'Print the change as a diff, and write nothing',
})
export const UPDATE: Option<boolean> = flag({
  flag: 'update',
  description: 'If there is an entry already, set its username and groups; all else in it stays',
})
export const KUBECONFIG: Option<string | null> = text({
  flag: 'kubeconfig',
  file: true,
  description:
    'kubeconfig file path of someone who may get and update the ConfigMap aws-auth (required). Without it: $KUBECONFIG',
})
export const KUBECONFIG_CONTEXT: Option<string | null> = text({
  flag: 'kubeconfig-context',
  complete: 'contexts',
  description: 'Context of the kubeconfig, in place of its current-context',
})
export const MASTER_URL: Option<string | null> = text({
  flag: 'master-url',
  description: "URL of the Kubernetes API server, in place of the kubeconfig's",
})

/** Control characters and line breaks, which not every form of a YAML scalar can hold. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u

function oneLine(value: string): string {
  if (CONTROL.test(value)) throw new TypeError('must be one line of text without control characters')
  return value
}

function line(named: Parameters<typeof text>[0]): Option<string | null> {
  const option = text(named)
  return {
    ...option,
    parse: (texts) => {
      const value = option.parse(texts)
      return value === null ? null : oneLine(value)
    },
  }
}

export const USER_ARN: Option<string | null> = line({
  flag: 'userarn',
  placeholder: 'ARN',
  description: 'ARN of the IAM user (required)',
})
export const ROLE_ARN: Option<string | null> = line({
  flag: 'rolearn',
  placeholder: 'ARN',
  description: 'ARN of the IAM role (this or --sso is required)',
})
export const USERNAME: Option<string | null> = line({
  flag: 'username',
  description: 'Kubernetes username; may have templates such as {{SessionName}} (required)',
})
export const GROUPS: Option<readonly string[]> = list<readonly string[]>(
  {
    flag: 'groups',
    read: (groups) => groups.map(oneLine),
    description: 'Kubernetes groups, with commas or by the flag again (required)',
  },
  [],
)
export const SSO: Option<Readonly<Record<string, string>> | null> = list<Readonly<Record<string, string>> | null>(
  {
    flag: 'sso',
    read: (pairs) => {
      const entries = pairs.map((pair) => {
        const [, key, value] = /^([^=]+)=(.*)$/s.exec(oneLine(pair)) ?? []
        if (key === undefined || value === undefined) throw new TypeError(`"${pair}" must be formatted as key=value`)
        return [key.trim(), value] as const
      })
      return entries.length === 0 ? null : Object.fromEntries(entries)
    },
    choices: ['permissionSetName=', 'accountID=', 'partition='],
    description: 'The role of an IAM Identity Center permission set: permissionSetName=…,accountID=…[,partition=…]',
  },
  null,
)
