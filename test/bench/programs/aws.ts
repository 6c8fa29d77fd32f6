// The fake AWS with the example account and its user's keys, as a separate process.
import { identities, roles, USER, USER_KEY_ID } from '../../sandbox/aws/example-account.ts'
import { startSandboxAws } from '../../sandbox/aws/sandbox.ts'

const aws = await startSandboxAws({ identities, roles })
const keys = { AWS_ACCESS_KEY_ID: USER_KEY_ID, AWS_SECRET_ACCESS_KEY: USER.secretAccessKey }
process.send?.({ ...aws.environment, ...keys })
process.on('disconnect', () => void aws.close().then(() => process.exit(0)))
