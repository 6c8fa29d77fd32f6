// A module of its own, so that it can be loaded when its turn comes.
export { parseConfiguration } from '@aws-iam-authenticator/core/configuration/parse-configuration'
