import { flag, text, type Option } from '../command-line/option.ts'
import {
  AUDIENCE as TOKEN_AUDIENCE,
  CACHE as TOKEN_CACHE,
  EXTERNAL_ID as TOKEN_EXTERNAL_ID,
  FORWARD_SESSION_NAME as TOKEN_FORWARD_SESSION_NAME,
  REGION as TOKEN_REGION,
  ROLE as TOKEN_ROLE,
  SESSION_NAME as TOKEN_SESSION_NAME,
  SIGNING_ALGORITHM as TOKEN_SIGNING_ALGORITHM,
  SOURCE_IDENTITY as TOKEN_SOURCE_IDENTITY,
  TOKEN_TYPE as TOKEN_TOKEN_TYPE,
} from '../command-line/token-options.ts'

/** A flag of `token` that the exec entry of the user gets; null to leave what the entry has, empty to remove it. */
type ArgumentOption = Option<string | null>

/** A flag of `token` without a value; null to leave what the entry has. */
type SwitchOption = Option<boolean | null>

/** An option of `token` that only a flag sets: a variable of this shell does not belong into a file. */
function argument(option: Option<string | null>): ArgumentOption {
  const { flag: name, short, placeholder, complete, choices, description } = option
  return {
    flag: name,
    ...(short === undefined ? {} : { short }),
    ...(complete === undefined ? {} : { complete }),
    ...(choices === undefined ? {} : { choices }),
    placeholder,
    description,
    shownDefault: null,
    fallback: null,
    parse: (texts) => {
      const value = texts.at(-1) ?? ''
      // Checked here, because kubectl shows an error of "token" only later. Empty removes the flag.
      if (value !== '') option.parse([value])
      return value
    },
  }
}

function toggle({ flag: name, description, parse }: Option<boolean>): SwitchOption {
  return { ...flag({ flag: name, description }), fallback: null, parse }
}

export const ROLE: ArgumentOption = argument(TOKEN_ROLE)
export const EXTERNAL_ID: ArgumentOption = argument(TOKEN_EXTERNAL_ID)
export const SESSION_NAME: ArgumentOption = argument(TOKEN_SESSION_NAME)
export const FORWARD_SESSION_NAME: SwitchOption = toggle(TOKEN_FORWARD_SESSION_NAME)
export const REGION: ArgumentOption = argument(TOKEN_REGION)
export const CACHE: SwitchOption = toggle(TOKEN_CACHE)
export const TOKEN_TYPE: ArgumentOption = argument(TOKEN_TOKEN_TYPE)
export const AUDIENCE: ArgumentOption = argument(TOKEN_AUDIENCE)
export const SIGNING_ALGORITHM: ArgumentOption = argument(TOKEN_SIGNING_ALGORITHM)
export const SOURCE_IDENTITY: ArgumentOption = argument(TOKEN_SOURCE_IDENTITY)
export const PROFILE: ArgumentOption = argument(
  text({
    flag: 'profile',
    complete: 'profiles',
    description: 'The AWS profile to take credentials from, as AWS_PROFILE of the user',
  }),
)
export const COMMAND: Option<string | null> = text({
  flag: 'command',
  file: true,
  description: 'The program that kubectl runs (by default aws-iam-authenticator, found on PATH)',
})
export const USER: Option<string | null> = text({
  flag: 'user',
  description: 'The name of the user (by default the cluster ID)',
})
export const CONTEXT: Option<string | null> = text({
  flag: 'context',
  complete: 'contexts',
  description: 'A context to write for the user',
})
export const CLUSTER: Option<string | null> = text({
  flag: 'cluster',
  description: 'A cluster that the kubeconfig has, for that context; needed for a new context',
})
export const SERVER: Option<string | null> = text({
  flag: 'server',
  placeholder: 'URL',
  description: 'URL of the API server: writes a cluster too, which the context gets',
})
export const CERTIFICATE_AUTHORITY: Option<string | null> = text({
  flag: 'certificate-authority',
  placeholder: 'filename',
  file: true,
  description: 'PEM file with the certificate authority of that server, to copy into the kubeconfig',
})
export const CLUSTER_NAME: Option<string | null> = text({
  flag: 'cluster-name',
  description: 'The name of the cluster to write (by default the cluster ID)',
})
export const USE: Option<boolean> = flag({ flag: 'use', description: 'Make that context the current one' })
export const FORCE: Option<boolean> = flag({
  flag: 'force',
  description: 'Replace a user, cluster or context that has other content, and keep a copy of it',
})
export const KUBECONFIG: Option<string | null> = text({
  flag: 'kubeconfig',
  file: true,
  description: 'The file to change (by default the one that kubectl would: of KUBECONFIG, else ~/.kube/config)',
})
export const DRY_RUN: Option<boolean> = flag({
  flag: 'dry-run',
  description: 'Print the changes as a diff without secrets, and write nothing',
})

/** The options of `kubeconfig`. */
export const KUBECONFIG_OPTIONS: readonly Option<unknown>[] = [
  ROLE,
  EXTERNAL_ID,
  SESSION_NAME,
  FORWARD_SESSION_NAME,
  REGION,
  CACHE,
  TOKEN_TYPE,
  AUDIENCE,
  SIGNING_ALGORITHM,
  SOURCE_IDENTITY,
  PROFILE,
  COMMAND,
  USER,
  CONTEXT,
  USE,
  CLUSTER,
  SERVER,
  CERTIFICATE_AUTHORITY,
  CLUSTER_NAME,
  FORCE,
  KUBECONFIG,
  DRY_RUN,
]
