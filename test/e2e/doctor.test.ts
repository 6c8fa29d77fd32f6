import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { binariesRunHere } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { clusterTls } from './harness/cluster.ts'
import type { Environment, Finished } from './harness/command.ts'
import { govRoleArn } from './harness/govcloud.ts'
import { startKubectlPerson, type KubectlPerson } from './harness/kubectl-person.ts'
import { valueAt } from './harness/logins.ts'

const skip = binariesRunHere ? false : 'the kubectl binaries are for Linux on x86-64'

/** The states of the checks by name, and no secret anywhere in the output. */
function statesOf({ home }: KubectlPerson, { stdout, stderr }: Finished): Map<unknown, unknown> {
  const secret = /aws_secret_access_key = (\S+)/.exec(readFileSync(join(home, '.aws/credentials'), 'utf8'))?.[1]
  for (const hidden of [secret ?? 'none', 'k8s-aws-v1.', 'X-Amz-Signature'])
    t.notOk(`${stdout}${stderr}`.includes(hidden), 'no secret is shown')
  const checks = valueAt(JSON.parse(stdout), 'checks')
  return new Map(Array.isArray(checks) ? checks.map((check) => [valueAt(check, 'name'), valueAt(check, 'state')]) : [])
}

await t.test('a person who can log in', { skip }, async (t) => {
  const person = await startKubectlPerson(t)
  const found = await person.doctor(['-o', 'json'])
  t.equal(found.code, 0, found.stdout + found.stderr)
  const states = statesOf(person, found)
  t.same([...new Set(states.values())], ['ok'], found.stdout)
  t.same(
    [...states.keys()],
    [
      'kubeconfig',
      'exec entry',
      'program',
      'api version',
      'profile',
      'trust',
      'proxy',
      'credentials',
      'sts',
      'clock',
    ].concat(['role', 'identity', 'api server', 'login']),
  )
  const shown = await person.doctor()
  t.equal(shown.code, 0)
  t.match(shown.stdout, /^login +ok +username "iam-admin", groups system:masters/m)
  t.match(shown.stdout, /^you can log in\n\n/)
  t.match(shown.stdout, new RegExp(`a mapping must name ${govRoleArn('K8s-Admin')}`))
})

/** A fault, the check that fails, and what it says. */
type Fault = readonly [
  name: string,
  failedAt: string,
  says: RegExp,
  breakIt: (person: KubectlPerson) => Environment | Promise<Environment>,
]

const noChange: Environment = {}

const FAULTS: readonly Fault[] = [
  ['no kubeconfig', 'kubeconfig', /there is no .*none: name a kubeconfig/, () => ({ KUBECONFIG: '/none' })],
  [
    'a user without exec',
    'exec entry',
    /has no exec entry, so kubectl does not log in with AWS: run "aws-iam-authenticator kubeconfig/,
    async ({ config }) => {
      await writeKubeconfig(config, {
        server: 'https://127.0.0.1:1',
        certificateAuthority: clusterTls.cert,
        user: { token: 'x' },
      })
      return noChange
    },
  ],
  [
    'a program that is not installed',
    'program',
    /"aws-iam-authenticator" is not found on PATH: kubectl logs in to this cluster/,
    () => ({ PATH: '/usr/bin:/bin' }),
  ],
  [
    'an API version that kubectl no longer takes',
    'api version',
    /kubectl 1\.35 does not accept client\.authentication\.k8s\.io\/v1alpha1: write .*v1beta1/,
    ({ edit }) => {
      edit('client.authentication.k8s.io/v1beta1', 'client.authentication.k8s.io/v1alpha1')
      return noChange
    },
  ],
  [
    'a misspelled profile',
    'profile',
    /names profile "govclout" \(did you mean govcloud|names profile "govclout".*did you mean govcloud/,
    ({ edit }) => {
      edit('value: govcloud', 'value: govclout')
      return noChange
    },
  ],
  [
    'a file of authorities that is not there',
    'trust',
    /\/none\.pem, which AWS_CA_BUNDLE names/,
    () => ({ AWS_CA_BUNDLE: '/none.pem' }),
  ],
  ['a proxy that is no URL', 'proxy', /HTTPS_PROXY is not the URL of a proxy/, () => ({ HTTPS_PROXY: 'ftp://x' })],
  [
    'a wrong secret key',
    'sts',
    /AWS|signature/i,
    ({ home }) => {
      const path = join(home, '.aws/credentials')
      writeFileSync(path, readFileSync(path, 'utf8').replace(/(secret_access_key = ).*/, '$1wrongwrongwrong'))
      return noChange
    },
  ],
  [
    'a role that trusts others',
    'role',
    /not allowed to assume .*role\/Nobody/,
    ({ edit }) => {
      edit(govRoleArn('K8s-Admin'), govRoleArn('Nobody'))
      return noChange
    },
  ],
  [
    'arguments that are not those of token',
    'exec entry',
    /do not begin with token: add it$/,
    ({ edit }) => {
      edit(/- token\n/, '- hidden-k8s-aws-v1.x\n')
      return noChange
    },
  ],
  [
    'an AWS CLI that names no cluster',
    'exec entry',
    /gives no --cluster-name/,
    ({ edit }) => {
      edit('command: aws-iam-authenticator', 'command: aws')
      edit(/( +)- token\n/, '$1- eks\n$1- get-token\n$1- --no-verify-ssl\n')
      return noChange
    },
  ],
  [
    'another cluster ID',
    'login',
    /refused the token \(401\): ask an administrator .*K8s-Admin at 20.*the cluster ID is not "other"/,
    ({ edit }) => {
      edit(/- (['"]?)k8s\.local\1\n/, '- other\n')
      return noChange
    },
  ],
  [
    'a role that is not mapped',
    'login',
    /refused the token \(401\): .*role\/Intern/,
    ({ edit }) => {
      edit(govRoleArn('K8s-Admin'), govRoleArn('Intern'))
      return noChange
    },
  ],
  [
    'an API server that is down',
    'api server',
    /can't reach https:.*check the network/,
    async ({ close }) => {
      await close()
      return noChange
    },
  ],
  [
    'a certificate that is not trusted',
    'api server',
    /can't reach https:.*certificate-authority-data/,
    ({ edit }) => {
      edit(/ +certificate-authority(-data)?: .*\n/, '')
      return noChange
    },
  ],
]

await t.test('each fault of a person is found at its step', { skip }, async (t) => {
  for (const [name, failedAt, says, breakIt] of FAULTS) {
    await t.test(name, async (t) => {
      const person = await startKubectlPerson(t)
      const environment = await breakIt(person)
      const found = await person.doctor(['-o', 'json'], environment)
      t.equal(found.code, 2, found.stderr)
      statesOf(person, found)
      const diagnosis: unknown = JSON.parse(found.stdout)
      t.equal(valueAt(diagnosis, 'failedAt'), failedAt, found.stdout)
      const checks = valueAt(diagnosis, 'checks')
      const check: unknown = Array.isArray(checks)
        ? checks.find((each) => valueAt(each, 'name') === failedAt)
        : undefined
      t.match(valueAt(check, 'found'), says)
      const shown = await person.doctor([], environment)
      t.equal(shown.code, 2)
      t.match(shown.stdout, new RegExp(`^you can't log in: ${failedAt}\\sfailed:\\s`))
    })
  }
})

await t.test('a program that does not run', { skip }, async (t) => {
  const person = await startKubectlPerson(t)
  const folder = join(person.home, 'bin')
  mkdirSync(folder)
  cpSync('/bin/false', join(folder, 'aws-iam-authenticator'))
  chmodSync(join(folder, 'aws-iam-authenticator'), 0o755)
  const found = await person.doctor([], { PATH: `${folder}:${person.environment['PATH'] ?? ''}` })
  t.equal(found.code, 2)
  t.match(found.stdout, /^  program: FAILED .*aws-iam-authenticator does not run: try/m)
})

await t.test(
  'a clock that is behind is a warning, since tokens are signed with the time of AWS',
  { skip },
  async (t) => {
    const person = await startKubectlPerson(t, { clockOffset: 40 * 60_000 })
    const { stdout } = await person.doctor()
    t.match(stdout, /^clock +warning +this machine is 40 minutes behind AWS: set its clock$/m)
    t.match(stdout, /^role +ok /m)
  },
)
