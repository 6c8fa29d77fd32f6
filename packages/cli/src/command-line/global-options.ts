import {
  CLOSED_GATES,
  parseFeatureGates,
  type FeatureGates,
} from '@aws-iam-authenticator/core/configuration/feature-gates'
import { LOG_LEVELS, type LogLevel } from '@aws-iam-authenticator/core/log/log'
import { choice, flag, list, text, textOr, type Option } from './option.ts'

export const CONFIG: Option<string | null> = text({
  flag: 'config',
  short: 'c',
  placeholder: 'filename',
  file: true,
  description: 'Load configuration from filename',
})

export const CLUSTER_ID: Option<string | null> = text({
  flag: 'cluster-id',
  short: 'i',
  placeholder: 'ID',
  environment: 'KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID',
  keys: ['clusterID'],
  description: 'Specify the cluster ID, a unique-per-cluster identifier for your aws-iam-authenticator installation.',
})

export const LOG_FORMATS: readonly string[] = ['text', 'json']

/** The format as written. One that is not in {@link LOG_FORMATS} means text. */
export const LOG_FORMAT: Option<string> = {
  ...textOr('text', {
    flag: 'log-format',
    short: 'l',
    description: 'Specify log format to use when logging to stderr',
  }),
  choices: LOG_FORMATS,
}

export const LOG_VERBOSITY: Option<LogLevel> = choice<LogLevel>(
  {
    flag: 'log-verbosity',
    short: 'v',
    environment: 'AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY',
    keys: ['log-verbosity'],
    choices: LOG_LEVELS,
    aliases: new Map([['warn', 'warning']]),
    ignoresCase: true,
    description: 'Specify log level to use when logging to stderr',
  },
  'info',
)

export const FEATURE_GATES: Option<FeatureGates> = list<FeatureGates>(
  {
    flag: 'feature-gates',
    keys: ['feature-gates'],
    read: parseFeatureGates,
    choices: [...Object.keys(CLOSED_GATES), 'AllAlpha', 'AllBeta'].flatMap((gate) => [`${gate}=true`, `${gate}=false`]),
    description: `A set of Name=true|false pairs: ${Object.keys(CLOSED_GATES).join(', ')} (all false), AllAlpha, AllBeta`,
  },
  CLOSED_GATES,
)

export const HELP: Option<boolean> = flag({ flag: 'help', short: 'h', description: 'Show this help' })

export const VERSION_FLAG: Option<boolean> = flag({ flag: 'version', description: 'Show just the version' })

/** The options that every subcommand accepts. */
export const GLOBAL_OPTIONS: readonly Option<unknown>[] = [
  CONFIG,
  CLUSTER_ID,
  LOG_FORMAT,
  LOG_VERBOSITY,
  FEATURE_GATES,
  HELP,
  VERSION_FLAG,
]
