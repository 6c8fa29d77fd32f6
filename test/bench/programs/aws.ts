// The fake AWS with the example account and its user's keys, in a process of its own.
import { identities, roles, USER, USER_KEY_ID } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'

const aws = await startSandboxAws({ identities, roles })
const keys = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey }
process.send?.({ ...aws.environment, ...keys })
process.on('disconnect', () => void aws.close().then(() => process.exit(0)))
