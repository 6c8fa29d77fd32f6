import { chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startLinkLocal, type LinkLocalOptions } from '@aws-iam-authenticator/sandbox/aws/link-local'
import { ROLE_ARN } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { openSession, type Session } from '@aws-iam-authenticator/sandbox/aws/account'
import { cannotMislead, startDirectSts } from './harness/direct-sts.ts'
import { cannotAskKubectl, startWell, type Expected } from './harness/doctor.ts'
import { freePort } from './harness/server.ts'
import { cannotMount, mountSmallDisk } from './harness/small-disk.ts'
import { asking } from './harness/token-faults.ts'
import { REGION, startAws } from './harness/webhook.ts'

const KEYLESS = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
const HOST = `sts.${REGION}.amazonaws.com`

function skipTlsVerify(kubeconfig: string): string {
  return kubeconfig.replace(/certificate-authority-data: .*/, 'insecure-skip-tls-verify: true')
}

await t.test('credentials of a container or an instance that do not come', { skip: cannotAskKubectl }, async (t) => {
  const aws = await startAws(t)
  const { fails } = await startWell(t, aws)
  const begin = async (options: Omit<LinkLocalOptions, 'session'>): Promise<string> => {
    const role = { arn: 'arn:aws:iam::111122223333:role/Task', roleId: 'AROATASKTASKTASKTASKT' }
    const session = (): Session => openSession(aws.sts, role, 'i-0', new Date(Date.now() + 3_600_000))
    const beside = await startLinkLocal({ session, ...options })
    t.teardown(() => beside.close())
    return beside.url
  }
  const instance = { ...KEYLESS, AWS_EC2_METADATA_DISABLED: '' }
  const [locked, silent] = [await begin({ authorization: () => 'other' }), await begin({ silent: true })]
  const rows: readonly (readonly [name: string, expected: Expected, environment: Readonly<Record<string, string>>])[] =
    [
      [
        'a container that refuses',
        [
          'credentials',
          /container's credentials endpoint gave none: .*403: check the role of the task or the association of the pod/,
        ],
        {
          ...KEYLESS,
          AWS_CONTAINER_CREDENTIALS_FULL_URI: `${locked}/credentials`,
          AWS_CONTAINER_AUTHORIZATION_TOKEN: 'first',
        },
      ],
      [
        'a silent instance metadata service',
        ['credentials', /instance metadata did not answer within 1 s.*: name a profile in AWS_PROFILE/],
        { ...instance, AWS_EC2_METADATA_SERVICE_ENDPOINT: silent },
      ],
      [
        'a relative URI outside of ECS',
        ['credentials', /container's credentials endpoint gave none: .*: check the role of the task/],
        { ...KEYLESS, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/credentials' },
      ],
      [
        'metadata that is switched off',
        ['credentials', /switched off by AWS_EC2_METADATA_DISABLED\): name a profile in AWS_PROFILE/],
        { ...KEYLESS, AWS_EC2_METADATA_DISABLED: 'true' },
      ],
      [
        'no instance metadata service',
        ['credentials', /no AWS credentials found; .*ECONNREFUSED.*: name a profile in AWS_PROFILE/],
        { ...instance, AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${await freePort()}` },
      ],
    ]
  for (const [name, expected, environment] of rows) await fails(name, expected, { environment })
  const config = `[profile instance]\nrole_arn = ${ROLE_ARN}\ncredential_source = Ec2InstanceMetadata\n`
  const environment = { ...instance, AWS_PROFILE: 'instance', AWS_EC2_METADATA_SERVICE_ENDPOINT: silent }
  const says =
    /takes its credentials from the EC2 instance, which has none: .*within 1 s.*: run it on an instance with a/
  await fails('a profile of a silent instance', ['credentials', says], { environment, config })
})

await t.test('a cache that can not be used is a warning', { skip: cannotAskKubectl || cannotMount }, async (t) => {
  const { warns } = await startWell(t, await startAws(t))
  const disk = await mountSmallDisk(t)
  const folder = join(disk.folder, 'cache')
  mkdirSync(folder, { mode: 0o700 })
  const path = join(folder, 'credentials.yaml')
  const options = { args: ['--cache', ...asking], environment: { AWS_IAM_AUTHENTICATOR_CACHE_FILE: path } }
  disk.leave(0)
  const full = /also: cache warning: unable to use cache: can't write \S+: ENOSPC.*: make room there, or set AWS_IAM/
  await warns('a full disk', full, options)
  disk.leave(8)
  writeFileSync(path, '', { mode: 0o600 })
  chownSync(path, 65_534, 65_534)
  await warns('a file of another user', /cache warning: .*belongs to another user: delete it/, options)
  chownSync(path, 0, 0)
  disk.makeReadOnly()
  const readOnly =
    /also: cache warning: unable to use cache: can't write \S+: EROFS.*: set AWS_IAM_AUTHENTICATOR_CACHE_FILE/
  await warns('a read-only disk', readOnly, options)
})

await t.test('an STS that has no name or no way', { skip: cannotAskKubectl || cannotMislead }, async (t) => {
  const aws = await startAws(t)
  const { fails } = await startWell(t, aws)
  const way = await startDirectSts(t, aws.port)
  const options = { wrapper: way.wrapper, environment: { HTTPS_PROXY: '' } }
  const advice = 'check the network, HTTPS_PROXY and NO_PROXY'
  const reaches = (why: string): Expected => ['sts', new RegExp(`cannot reach ${HOST}: ${why}.*; ${advice}`)]
  await fails('a name that is not found', reaches('.*(?:ENOTFOUND|EAI_AGAIN)'), options)
  way.resolve(HOST)
  await way.become('gone')
  await fails('refused connections', reaches('.*ECONNREFUSED'), options)
  await way.become('mute')
  await fails('no answer', reaches(''), options)
  way.resolve()
  await way.silence()
  await fails('a silent resolver', reaches(''), options)
})

await t.test('an API server whose certificate is not checked is a warning', { skip: cannotAskKubectl }, async (t) => {
  const { warns } = await startWell(t, await startAws(t))
  const says = /also: api server warning: .*insecure-skip-tls-verify.*; give certificate-authority-data instead/
  await warns('insecure-skip-tls-verify', says, { edit: skipTlsVerify })
})
