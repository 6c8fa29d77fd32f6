// A separate module, so that commands without a YAML configuration file start without the YAML parser.
export { parseConfiguration } from '@aws-iam-authenticator/core/configuration/parse-configuration'
