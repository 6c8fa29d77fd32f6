import { issuerUrlFault } from '@aws-iam-authenticator/core/configuration/web-identity-settings'
import { choice, flag, list, text, type Option } from '../command-line/option.ts'

const ACCOUNT_ID = /^\d{12}$/

export const ISSUER: Option<readonly string[]> = list<readonly string[]>(
  {
    flag: 'issuer',
    read: (urls) => {
      const fault = urls.map(issuerUrlFault).find((found) => found !== null)
      if (fault !== undefined) throw new TypeError(fault)
      return urls
    },
    description: 'URLs of the issuers of JWTs, in place of server.webIdentity of the configuration file',
  },
  [],
)
export const ACCOUNT: Option<readonly string[]> = list<readonly string[]>(
  {
    flag: 'account',
    read: (accounts) => {
      const wrong = accounts.find((account) => !ACCOUNT_ID.test(account))
      if (wrong !== undefined) throw new TypeError(`"${wrong}" is not an account id: write its 12 digits`)
      return accounts
    },
    description: 'The accounts whose roles and users may log in by --issuer',
  },
  [],
)
export const AUDIENCE: Option<readonly string[]> = list<readonly string[]>(
  {
    flag: 'audience',
    read: (audiences) => audiences,
    description: 'The audiences of JWTs (by default those of server.webIdentity, else the cluster ID)',
  },
  [],
)
export const AWS_AUTH: Option<string | null> = text({
  flag: 'aws-auth',
  placeholder: 'filename',
  file: true,
  description: 'Manifest of the ConfigMap aws-auth, as an argument FILE',
})
export const DISCOVERY_URL: Option<string | null> = text({
  flag: 'discovery-url',
  placeholder: 'URL',
  description: 'Where the API server reads the discovery document of the issuer, if it does not reach the issuer',
})
export const CERTIFICATE_AUTHORITY: Option<string | null> = text({
  flag: 'certificate-authority',
  placeholder: 'filename',
  file: true,
  description: 'PEM file with the certificate authority of the discovery URL or issuer, to copy into the output',
})
export const API_VERSION: Option<'v1' | 'v1beta1'> = choice<'v1' | 'v1beta1'>(
  {
    flag: 'api-version',
    choices: ['v1', 'v1beta1'],
    description: 'Version of apiserver.config.k8s.io: v1 for Kubernetes 1.34 and newer, v1beta1 for 1.30 and newer',
  },
  'v1',
)
export const SKIP_UNSUPPORTED: Option<boolean> = flag({
  flag: 'skip-unsupported',
  description: 'Print the configuration even if some entries can not be expressed in it; they refuse or match no JWT',
})
export const OUTPUT: Option<'yaml' | 'json'> = choice<'yaml' | 'json'>(
  { flag: 'output', short: 'o', choices: ['yaml', 'json'], description: 'Output format' },
  'yaml',
)
