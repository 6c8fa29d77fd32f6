import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { property } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { Agent } from 'undici'
import { minimalEnvironment, runCommand, temporaryFolder, type Finished } from '../e2e/harness/command.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { commandFile } from '../e2e/harness/govcloud.ts'
import { kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { MANIFESTS, startControlPlane, type ControlPlane } from './harness/control-plane.ts'
import { REGION, roleArn, roleToken, writeProfile } from './harness/govcloud.ts'
import { noThrowAwayRoot } from './harness/throw-away-root.ts'

const LIVE_MS = 1000
const STATE = '/var/aws-iam-authenticator'
const OVERLAY = join(MANIFESTS, 'overlays/govcloud')
const AWS_AUTH = ['configmap', 'aws-auth', '-n', 'kube-system']

if (noThrowAwayRoot !== false) t.plan(0, noThrowAwayRoot)
else await story(await startControlPlane(t, { overlay: 'govcloud', roles: ['K8s-Admin', 'Viewer', 'Intern', 'Ops'] }))

/** The place of each finding of `lint -o json`. */
function places({ stdout }: Finished): unknown[] {
  const findings = [property(JSON.parse(stdout), 'findings')].flat()
  return findings.map((finding) => [
    property(finding, 'file'),
    property(finding, 'path'),
    property(finding, 'severity'),
  ])
}

function mapping(name: string, spec: object): string {
  const apiVersion = 'iamauthenticator.k8s.aws/v1alpha1'
  return JSON.stringify({ apiVersion, kind: 'IAMIdentityMapping', metadata: { name }, spec })
}

async function story(plane: ControlPlane): Promise<void> {
  const { api, aws, node, pod } = plane
  const home = temporaryFolder(t)
  writeProfile(home)
  const environment = { ...minimalEnvironment(home), ...aws.environment }
  const run = (args: readonly string[], input = ''): Promise<Finished> =>
    runCommand(args, { cwd: home, input, environment: { ...environment, KUBECONFIG: api.kubeconfig } })
  const config = join(OVERLAY, 'config.yaml')
  const modes = ['--backend-mode=EKSConfigMap,MountedFile', '-c', config]
  const byArn = (role: string): Promise<Finished> =>
    run(['explain', '--arn', roleArn(role), '--session-name=alice', '--cluster', '-o', 'json', ...modes])
  const example = readFileSync(join(MANIFESTS, 'examples/aws-auth.yaml'), 'utf8')

  await t.test('without aws-auth nobody logs in, and explain says so', async (t) => {
    t.match(await byArn('K8s-Admin'), { code: 2, stdout: /"outcome": "refused"/ })
    t.equal(await api.whoIs(roleToken(aws, 'K8s-Admin')), 'status 401')
    await api.admin(['apply', '-f', '-'], example.replaceAll('arn:aws:', 'arn:aws-us-gov:'))
  })

  await t.test('explain predicts the decision of the server for an ARN and for a token', async (t) => {
    const user = { username: 'iam-admin-alice', groups: ['system:masters'] }
    const mapped = await byArn('K8s-Admin')
    t.equal(mapped.code, 0, mapped.stdout + mapped.stderr)
    t.match(JSON.parse(mapped.stdout), {
      backends: [
        { backend: 'EKSConfigMap', from: api.url, outcome: 'mapped', entry: { path: 'mapRoles[0]' } },
        { backend: 'MountedFile', outcome: 'not_reached' },
      ],
      user,
    })
    const token = roleToken(aws, 'K8s-Admin')
    const explained = await run(['explain', '-t', '-', '--cluster', '-o', 'json', ...modes], token)
    t.equal(explained.code, 0, explained.stdout + explained.stderr)
    t.match(JSON.parse(explained.stdout), { user })
    t.notOk(explained.stdout.includes(token))
    await eventually(t, 'the server', user.username, LIVE_MS, () => api.whoIs(roleToken(aws, 'K8s-Admin')))

    const refused = await byArn('Viewer')
    t.equal(refused.code, 2)
    t.equal(await api.whoIs(roleToken(aws, 'Viewer')), 'status 401')
    const nodes = await byArn('nodes.k8s.local')
    const backends = [
      { backend: 'EKSConfigMap', outcome: 'no_match' },
      { backend: 'MountedFile', outcome: 'mapped' },
    ]
    t.match(JSON.parse(nodes.stdout), { backends })
  })

  await t.test('after add role, explain, lint and the server know the role', async (t) => {
    const entry = [`--rolearn=${roleArn('Viewer')}`, '--username=viewer', '--groups=viewers']
    const added = await run(['add', 'role', ...entry, '--prompt=false', `--kubeconfig=${api.kubeconfig}`])
    t.match(added, { code: 0, stderr: '' })
    t.match(JSON.parse((await byArn('Viewer')).stdout), { user: { username: 'viewer', groups: ['viewers'] } })
    await eventually(t, 'the server', 'viewer', LIVE_MS, () => api.whoIs(roleToken(aws, 'Viewer')))
    t.match(await run(['lint', '--cluster', '--strict']), { code: 0, stdout: /no problems/ })
  })

  await t.test('lint finds the mistakes in aws-auth and in an object that the API server accepted', async (t) => {
    const before = await api.admin(['get', ...AWS_AUTH, '-o', 'jsonpath={.data.mapRoles}'])
    const wrong = `${before.trimEnd()}\n- rolarn: ${roleArn('Intern')}\n  username: intern\n  groups: [interns]\n`
    await api.admin(['patch', ...AWS_AUTH, '-p', JSON.stringify({ data: { mapRoles: wrong } })])
    await api.admin(['apply', '-f', join(MANIFESTS, 'overlays/crd/crd.yaml')])
    await api.admin(['wait', '--for=condition=Established', 'crd/iamidentitymappings.iamauthenticator.k8s.aws'])
    const take = ['apply', '--validate=strict', '-f', '-']
    await api.admin(take, mapping('ops', { arn: roleArn('Ops'), username: 'ops', groups: ['ops'] }))
    await api.admin(take, mapping('slip', { arn: roleArn('Slip'), username: 'slip-{{SesionName}}', groups: ['ops'] }))

    const found = await run(['lint', '--cluster', '-o', 'json'])
    t.equal(found.code, 1, found.stderr)
    const all = JSON.stringify(places(found))
    t.match(all, '["aws-auth mapRoles","mapRoles[2].rolarn","warning"]')
    t.match(all, '["aws-auth mapRoles","mapRoles[2]","error"]')
    t.match(all, '["IAMIdentityMapping slip","IAMIdentityMapping slip","warning"]')
    t.notMatch(all, 'IAMIdentityMapping ops')
    t.match(await byArn('Intern'), { code: 2 })
    t.equal(await api.whoIs(roleToken(aws, 'Intern')), 'status 401')
    t.equal(await api.whoIs(roleToken(aws, 'Viewer')), 'viewer', 'the entries beside it are in force')
    const live = ['--cluster', '-o', 'json', '--backend-mode=EKSConfigMap,CRD']
    const ops = await run(['explain', '--arn', roleArn('Ops'), ...live])
    t.match(JSON.parse(ops.stdout), { user: { username: 'ops' } }, 'an object that is right is explained')
  })

  await t.test('lint and explain report missing rights to read the cluster', async (t) => {
    const stranger = await api.writeKubeconfig(home, { token: roleToken(aws, 'Viewer') })
    t.match(await run(['lint', `--kubeconfig=${stranger}`]), { code: 1, stdout: /can't be read: .*403.*forbidden/ })
    const explained = await run(['explain', '--arn', roleArn('Viewer'), `--kubeconfig=${stranger}`, '-o', 'json'])
    t.match(explained, { code: 1, stdout: /"reason": "backend_unavailable"/ })
  })

  await t.test('kubeconfig writes the user with which kubectl logs in', async (t) => {
    const path = await api.writeKubeconfig(home, { token: 'none' })
    const flags = [
      '--profile=govcloud',
      `--region=${REGION}`,
      '--user=admin',
      '--context=sandbox',
      '--force',
      `--kubeconfig=${path}`,
    ]
    const written = await run(['kubeconfig', '-i', 'k8s.local', '-r', roleArn('K8s-Admin'), ...flags])
    t.match(written, { code: 0, stderr: /wrote user "admin"/ })
    const PATH = `${dirname(commandFile(home))}:${process.env['PATH'] ?? ''}`
    const person = async (...args: readonly string[]): Promise<RunResult> =>
      runBinary(await kubectl('1.35'), args, { env: { ...environment, PATH, KUBECONFIG: path }, cwd: home })
    const name = await person('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}')
    t.match(name, { code: 0, stdout: /^iam-admin-/ }, name.stderr)
    t.match(await person('get', ...AWS_AUTH, '-o', 'name'), { code: 0, stdout: 'configmap/aws-auth\n' })
    const lint = await runCommand(['lint', `--kubeconfig=${path}`], {
      cwd: home,
      environment: { ...environment, PATH },
    })
    t.match(lint, { code: 1, stdout: /2 sources checked/ }, 'lint logs in by the same entry')
  })

  await t.test('status on the node names the mapping error, and /readyz passes', async (t) => {
    const status = ['status', `--state-dir=${node.path(STATE)}`, '-c', config]
    const asked = await run([...status, '-o', 'json'])
    t.equal(asked.code, 2, asked.stdout + asked.stderr)
    const backends = [
      { mode: 'EKSConfigMap', isLoaded: true, fault: null, firstErrors: [{ path: 'mapRoles[2]' }] },
      { mode: 'MountedFile', isLoaded: true, fault: null },
    ]
    t.match(JSON.parse(asked.stdout), { clusterId: 'k8s.local', certificate: { fault: null }, backends })
    t.match(await run(status), { code: 2, stdout: /^backend EKSConfigMap has 1 error in its mappings: / })
    const ca = readFileSync(node.path(join(STATE, 'cert.pem')), 'utf8')
    const agent = new Agent({ connect: { ca, servername: 'localhost' } })
    t.teardown(() => agent.destroy())
    for (const origin of ['https://127.0.0.1:21362', 'http://127.0.0.1:21363']) {
      const answer = await agent.request({ origin, path: '/readyz?verbose', method: 'GET' })
      t.equal(answer.statusCode, 200, origin)
      t.match(
        await answer.body.text(),
        /^\[\+\]backend-EKSConfigMap ok\n\[\+\]backend-MountedFile ok\n\[\+\]sts ok\nreadyz check passed$/m,
      )
    }
    t.equal((await pod.stop()).code, 0)
    t.match(await run(status), { code: 1, stdout: '', stderr: /no server listens/ })
  })
}
