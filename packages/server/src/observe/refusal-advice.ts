import type { ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'

/** What the operator of the server does if logins fail for a reason. docs/errors.md has the full text. */
export const REFUSAL_ADVICE: Readonly<Record<ReasonCode, string>> = {
  method_not_allowed: 'correct the webhook kubeconfig of kube-apiserver',
  malformed_request: 'correct the webhook kubeconfig of kube-apiserver',
  unsupported_audience: 'add the audience to server.apiAudiences',
  malformed_token: 'read the error below, and have people update what signs their tokens',
  wrong_host: "set --partition to that of the people's region, or have them sign with a region of this partition",
  expired: 'set the clock of this node if it is off; otherwise people sign new tokens with credentials that are valid',
  clock_ahead: 'set the clock of this node if it is off, and otherwise the clocks of the people',
  bad_signature: 'compare clusterID of the server with -i in the kubeconfigs, letter by letter',
  unknown_key: 'ask the owners of the access keys: they were deleted or deactivated, or belong to another partition',
  sts_refused: 'read the code that STS gave below: it is about the identity',
  sts_throttled: 'wait, and find what else calls STS in this account and region; kube-apiserver tries again',
  sts_unreachable: 'check the way from this node to STS: DNS, egress, HTTPS_PROXY, NO_PROXY, AWS_CA_BUNDLE',
  sts_bad_answer: 'find what answers instead of STS: a proxy, a sign-in page or DNS',
  overloaded: 'wait: kube-apiserver tries again; find what sends so many tokens',
  unsupported_identity: 'log in with a role or a user',
  not_mapped: 'add a mapping for the ARN below, or correct the one that almost matches',
  template: 'give the mapping a template that the identity below can fill',
  reserved_username: 'change the username of the mapping, or server.reservedPrefixConfig',
  ec2_unavailable: 'let the server call ec2:DescribeInstances, and check the way from this node to EC2',
  backend_unavailable: 'load the backend',
}
