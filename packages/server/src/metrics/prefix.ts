/** The prefix of the names of all our metrics. */
export const METRIC_PREFIX = 'aws_iam_authenticator_'
