import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  MFA_ROLE_ARN,
  MFA_SERIAL,
  PARTNER_ROLE_ARN,
  ROLE_ARN,
  USER,
  USER_KEY_ID,
} from '@aws-iam-authenticator/sandbox/aws/example-account'
import { createAuthority } from '@aws-iam-authenticator/sandbox/tls/authority'
import type { Environment } from './command.ts'
import { freePort } from './server.ts'

/** A text in the settings of these faults that must never be shown. */
export const SECRET: string = 's3cr3t-that-nobody-may-see'
const KEYLESS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }

/** A fault of the person who asks for a token. */
export interface TokenFault {
  readonly args?: readonly string[]
  readonly environment?: Environment
  /** The text of the AWS config file. */
  readonly config?: string
  /** The text of the line after `could not get token: `. */
  readonly says: RegExp
}

interface Places {
  /** An address without a listener. */
  readonly closedProxy: string
  readonly otherAuthority: string
  readonly notACertificate: string
}

/** The args that ask for a role. */
export const asking: readonly string[] = ['-r', ROLE_ARN]

function rowsOf({ closedProxy, otherAuthority, notACertificate }: Places): Readonly<Record<string, TokenFault>> {
  const profile = (text: string): Pick<TokenFault, 'environment' | 'config'> => ({
    environment: { ...KEYLESS, AWS_PROFILE: 'work' },
    config: `[profile work]\nregion = us-east-1\n${text}\n`,
  })
  return {
    'no credentials': {
      environment: KEYLESS,
      says: /^no AWS credentials found; .*AWS_ACCESS_KEY_ID.*profile "default".*EC2/,
    },
    'half of the static keys': {
      environment: { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: '' },
      says: /AWS_SECRET_ACCESS_KEY not set/,
    },
    'an unknown profile': { environment: { AWS_PROFILE: 'nobody' }, says: /AWS_PROFILE .*"nobody"/ },
    'a profile that points nowhere': { ...profile('source_profile = gone\nrole_arn = x'), says: /"work"/ },
    'a role that does not exist': { args: ['-r', `${ROLE_ARN}-gone`], says: /not allowed to assume .*-gone/ },
    'a role that wants another external id': {
      args: ['-r', PARTNER_ROLE_ARN, '-e', SECRET],
      says: new RegExp(`not allowed to assume ${PARTNER_ROLE_ARN}`),
    },
    'a role ARN that is none': { args: ['-r', 'K8s-Admin'], says: /K8s-Admin/ },
    'a deleted access key': {
      args: asking,
      environment: { AWS_ACCESS_KEY_ID: 'AKIADELETEDDELETEDDE' },
      says: /InvalidClientTokenId/,
    },
    'a wrong secret access key': {
      args: asking,
      environment: { AWS_SECRET_ACCESS_KEY: SECRET },
      says: /SignatureDoesNotMatch/,
    },
    'no way to STS': {
      args: asking,
      environment: { HTTPS_PROXY: closedProxy },
      says: /^cannot reach sts\.us-east-1\.amazonaws\.com: .*ECONNREFUSED/,
    },
    'a certificate of another authority': {
      args: asking,
      environment: { SSL_CERT_FILE: otherAuthority },
      says: /certificate of sts\.us-east-1\.amazonaws\.com is not trusted.*AWS_CA_BUNDLE/,
    },
    'a certificate of another authority, where Node.js is told to trust anybody': {
      args: asking,
      environment: { SSL_CERT_FILE: otherAuthority, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
      says: /certificate of sts\.us-east-1\.amazonaws\.com is not trusted/,
    },
    'an AWS_CA_BUNDLE that is not there': {
      args: asking,
      environment: { AWS_CA_BUNDLE: '/nonexistent/ca.pem' },
      says: /\/nonexistent\/ca\.pem, which AWS_CA_BUNDLE names/,
    },
    'an AWS_CA_BUNDLE that holds no certificate': {
      args: asking,
      environment: { AWS_CA_BUNDLE: notACertificate },
      says: /which AWS_CA_BUNDLE names, holds no certificate/,
    },
    'a proxy that is no URL': {
      args: asking,
      environment: { HTTPS_PROXY: `ftp://user:${SECRET}@proxy` },
      says: /HTTPS_PROXY/,
    },
    'credentials that have expired': {
      environment: { AWS_SESSION_TOKEN: SECRET, AWS_CREDENTIAL_EXPIRATION: '2020-01-01T00:00:00Z' },
      says: /expired at 2020-01-01/,
    },
    'a region that is none': { args: ['--region', 'x.evil.example/'], says: /"x\.evil\.example\/" is not the name/ },
    'a setting that means nothing': {
      environment: { AWS_STS_REGIONAL_ENDPOINTS: 'global' },
      says: /AWS_STS_REGIONAL_ENDPOINTS is "global"/,
    },
    'a credential process that fails': {
      ...profile(`credential_process = sh -c "echo it is locked >&2; exit 3" -- ${SECRET}`),
      says: /credential_process of profile "work" failed: .*it is locked/,
    },
    'a credential process that writes rubbish': {
      ...profile(`credential_process = echo ${SECRET}`),
      says: /credential_process of profile "work" failed/,
    },
    'an MFA code that nobody can be asked for': {
      ...profile(
        `role_arn = ${MFA_ROLE_ARN}\nsource_profile = base\nmfa_serial = ${MFA_SERIAL}\n[profile base]\n` +
          `aws_access_key_id = ${USER_KEY_ID}\naws_secret_access_key = ${USER.secretAccessKey}`,
      ),
      says: /MFA/,
    },
    'an SSO session that was never begun': {
      ...profile(
        'sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Dev\n[sso-session corp]\n' +
          'sso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start',
      ),
      says: /aws sso login --profile work/,
    },
    'a web identity token that is not there': {
      environment: { ...KEYLESS, AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent/token', AWS_ROLE_ARN: ROLE_ARN },
      says: /\/nonexistent\/token, which AWS_WEB_IDENTITY_TOKEN_FILE names/,
    },
  }
}

/** The faults by name. Their files are written to the folder. */
export async function tokenFaults(folder: string): Promise<Readonly<Record<string, TokenFault>>> {
  const otherAuthority = join(folder, 'other.pem')
  writeFileSync(otherAuthority, createAuthority().pem)
  const notACertificate = join(folder, 'rubbish.pem')
  writeFileSync(notACertificate, SECRET)
  return rowsOf({ closedProxy: `http://user:${SECRET}@127.0.0.1:${await freePort()}`, otherAuthority, notACertificate })
}
