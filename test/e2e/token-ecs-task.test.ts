import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { temporaryFolder } from './harness/command.ts'
import { urlOf } from './harness/presigned.ts'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'

const TASK = join(import.meta.dirname, 'harness', 'ecs-task.ts')
const ENTER = 'ip link set lo up && ip addr add 169.254.170.2/32 dev lo && exec "$@"'

function canMakeNamespaces(): boolean {
  return spawnSync('unshare', ['-n', 'sh', '-c', ENTER, 'sh', 'true']).status === 0
}

const skip = canMakeNamespaces() ? false : 'needs root, unshare and ip to make a network namespace'

t.test('in an ECS task the credentials come from the relative URI', { skip }, async (t) => {
  const args = ['-n', 'sh', '-c', ENTER, 'sh', process.execPath, '--no-warnings', TASK, temporaryFolder(t)]
  const { stdout } = await promisify(execFile)('unshare', args)
  const result: unknown = JSON.parse(stdout)
  t.equal(textAt(result, 'stderr'), '')
  t.equal(property(result, 'code'), 0)
  t.same(property(result, 'requests'), ['/v2/credentials/task'])
  const url = urlOf(textAt(result, 'stdout')?.trim() ?? '')
  t.match(url, 'X-Amz-Credential=ASIAECSTASKECSTASK00%2F')
  t.match(url, 'X-Amz-Security-Token=a-session-token-of-the-task&')
})
