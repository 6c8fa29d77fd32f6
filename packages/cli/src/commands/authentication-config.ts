import {
  ACCOUNT,
  API_VERSION,
  AUDIENCE,
  AWS_AUTH,
  CERTIFICATE_AUTHORITY,
  DISCOVERY_URL,
  ISSUER,
  OUTPUT,
  SKIP_UNSUPPORTED,
} from '../authentication-config/options.ts'
import { CLUSTER_OPTIONS } from '../command-line/cluster-options.ts'
import type { Command } from '../command-line/command.ts'
import { BACKEND_MODE, PARTITION } from '../command-line/server-options.ts'

export const authenticationConfig: Command = {
  name: 'authentication-config',
  summary: 'Let the API server accept AWS-signed JWTs without a webhook',
  positionals: '[FILE...]',
  takesFiles: true,
  description:
    'Prints an AuthenticationConfiguration for the flag --authentication-config of kube-apiserver. The API server then gives JWTs the ' +
    'same usernames, groups, uids and extra values as "server" would, without a webhook. Mappings come from the configuration file (-c), ' +
    'from files (manifests of aws-auth or IAMIdentityMappings, a dynamic file) and from a live cluster (--cluster), as of "list". ' +
    'Issuers and their accounts come from server.webIdentity of the configuration file, or from --issuer and --account. ' +
    'Exit code 1: nothing is printed, because an entry can not be expressed.',
  examples: [
    'aws-iam-authenticator authentication-config -c config.yaml > authentication-config.yaml',
    'aws-iam-authenticator authentication-config -i my-cluster --aws-auth aws-auth.yaml --issuer https://11111111-2222-3333-4444-555555555555.tokens.sts.global.api.aws --account 123456789012',
  ],
  options: [
    ISSUER,
    ACCOUNT,
    AUDIENCE,
    AWS_AUTH,
    DISCOVERY_URL,
    CERTIFICATE_AUTHORITY,
    API_VERSION,
    SKIP_UNSUPPORTED,
    OUTPUT,
    BACKEND_MODE,
    PARTITION,
    ...CLUSTER_OPTIONS,
  ],
  run: async (context) => {
    const { printAuthenticationConfig } = await import('../authentication-config/print-authentication-config.ts')
    await printAuthenticationConfig(context)
    return 0
  },
}
