import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'

/** A short hint for each reason; docs/errors.md has the full text. */
export const ADVICE: Readonly<Record<ReasonCode, string>> = {
  method_not_allowed: 'Send POST.',
  malformed_request: 'Send a TokenReview.',
  unsupported_audience: 'Add the audience to server.apiAudiences.',
  malformed_token: 'Sign a new one: aws-iam-authenticator token -i CLUSTER_ID --token-only. See that nothing cut it.',
  wrong_host:
    "Sign with a region of the server's partition: AWS_REGION or --region of token; or set --partition of the server.",
  untrusted_issuer: 'Add the issuer to server.webIdentity.issuers: aws iam get-outbound-web-identity-federation-info.',
  untrusted_account:
    'Add the account to the accounts of the issuer in server.webIdentity, if its principals may log in.',
  wrong_audience: 'Log in for this cluster: compare -i or --audience of token with server.webIdentity.audiences.',
  unknown_signing_key: 'Log in again; if it lasts, compare the keys that the issuer publishes with jwksFile.',
  keys_unavailable: 'Check the route from the server to the issuer, or give jwksFile in server.webIdentity.',
  expired:
    'Sign a new token. If it was new: set the clock of the machine that signed it, or renew its AWS credentials.',
  clock_ahead: 'Set the clock of the machine that signed the token, or of this one.',
  bad_signature: 'Sign for this cluster: compare -i of token with the clusterID of the server, letter by letter.',
  unknown_key: 'Ask who owns the access key: it was deleted or switched off, or belongs to another partition.',
  sts_refused: 'Read the code that STS gave: it is about the identity, such as a policy or a closed account.',
  sts_throttled: 'Try again in a moment; the token may be good.',
  sts_unreachable: 'Check the route from here to that host: egress, HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE.',
  sts_bad_answer: 'Check what answers instead of STS: a proxy, a sign-in page, DNS.',
  overloaded: 'Nothing to do: the server had too many logins at once, and the API server retries.',
  unsupported_identity: 'Log in with a role or a user.',
  not_mapped: 'Add an entry for this ARN, or fix the entry that almost matches.',
  template:
    'Give that entry a template that this identity can fill; {{EC2PrivateDNSName}} is for the roles of EC2 instances.',
  reserved_username: 'Change the username of that entry, or server.reservedPrefixConfig.',
  ec2_unavailable: 'See that the server may call ec2:DescribeInstances and reaches EC2.',
  backend_unavailable: 'Give what is missing here: a manifest, a dynamic file, or the cluster with --cluster.',
}
