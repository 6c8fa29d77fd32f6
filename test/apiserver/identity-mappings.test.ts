import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { eventually } from '../e2e/harness/eventually.ts'
import { valueAt } from '../e2e/harness/logins.ts'
import { MANIFESTS, startControlPlane, type ControlPlane } from './harness/control-plane.ts'
import { roleArn, roleToken, startPerson } from './harness/govcloud.ts'
import { noThrowAwayRoot } from './harness/throw-away-root.ts'

const LIVE_MS = 1000
const OU_PATH = 'o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/'
const MAPPING = ['iamidentitymapping', 'k8s-admin']

if (noThrowAwayRoot !== false) t.plan(0, noThrowAwayRoot)
else await story(await startControlPlane(t, { overlay: 'crd', roles: ['K8s-Admin'] }))

async function story({ api, aws, pod }: ControlPlane): Promise<void> {
  const example = readFileSync(join(MANIFESTS, 'examples/identity-mapping.yaml'), 'utf8')
  const mapping = example.replace('arn:aws:', 'arn:aws-us-gov:')
  const apply = ['apply', '--validate=strict', '-f', '-']
  const who = (): Promise<string> => api.whoIs(roleToken(aws, 'K8s-Admin'))

  await t.test('an object is active, and has its status and an Event, within a second', async (t) => {
    t.equal(await who(), 'status 401', 'before')
    await api.admin(apply, mapping)
    await eventually(t, 'mapped', 'iam-admin-alice', LIVE_MS, who)
    const canonical = (): Promise<string> => api.admin(['get', ...MAPPING, '-o', 'jsonpath={.status.canonicalARN}'])
    await eventually(t, 'the status', roleArn('K8s-Admin').toLowerCase(), LIVE_MS, canonical)
    const about = ['events', '-n', 'default', '--field-selector=involvedObject.name=k8s-admin', '-o', 'json']
    const events = async (): Promise<unknown> => valueAt(JSON.parse(await api.admin(['get', ...about])), 'items')
    const count = async (): Promise<number> => Object.keys((await events()) ?? {}).length
    await eventually(t, 'one Event', 1, LIVE_MS, count)
    t.match(await events(), [
      {
        type: 'Normal',
        reason: 'Synced',
        message: 'Identity synced successfully',
        source: { component: 'aws-iam-authenticator' },
        involvedObject: { kind: 'IAMIdentityMapping', name: 'k8s-admin' },
      },
    ])
    const person = await startPerson(t, { aws, api, role: 'K8s-Admin', session: 'bob' })
    const { code, stdout } = await person.kubectl('auth', 'whoami', '-o', 'json')
    t.equal(code, 0)
    t.match(valueAt(JSON.parse(stdout), 'status', 'userInfo'), {
      username: 'iam-admin-bob',
      groups: ['system:masters', 'system:authenticated'],
    })
    const table = await api.admin(['get', 'iamidentitymappings'])
    t.match(table, /^NAME\s+ARN\s+USERNAME\s+AGE\nk8s-admin\s+arn:aws-us-gov:\S+\s+iam-admin-\S+/)
  })

  await t.test('the API server rejects an object that is not a mapping', async (t) => {
    const wrong = mapping.replace('  username:', '  user:')
    t.match(await api.kubectl(apply, { input: wrong }), { code: 1, stderr: /spec\.user(?:name)?"/ })
    t.equal(await who(), 'iam-admin-alice', 'the one that is there stays')
  })

  await t.test('the API server accepts patterns and conditions, and rejects invalid ones', async (t) => {
    const dryRun = ['apply', '--dry-run=server', '--validate=strict', '-f', '-']
    const head = {
      apiVersion: 'iamauthenticator.k8s.aws/v1alpha1',
      kind: 'IAMIdentityMapping',
      metadata: { name: 'x' },
    }
    const tried = (spec: object): Promise<{ code: number | null; stderr: string }> =>
      api.kubectl(dryRun, { input: JSON.stringify({ ...head, spec: { username: 'u', ...spec } }) })
    const arn = 'arn:aws:iam::123456789012:role/Admin'
    const user = 'arn:aws:iam::123456789012:user/dev/alice'
    for (const spec of [
      { arn },
      { arn: arn.toUpperCase() },
      { arn: 'arn:aws:sts::123456789012:assumed-role/Admin/alice' },
      { arn: 'arn:aws:iam::123456789012:root' },
      { arn: user, principalId: 'AIDA1' },
      { arn, principalId: 'AROA1', sessionNames: ['run-*', '*@example.com'] },
      { arnLike: 'arn:aws:iam::123456789012:role/ci-*', sessionNames: ['a?'] },
      { arnLike: 'arn:aws:iam::123456789012:user/dev/*' },
      { arn, principalTags: { team: ['platform', 'größe 1'], 'cost: center': ['42'] }, orgId: 'o-a1b2c3d4e5' },
      { arn: user, principalTags: { team: ['platform'] }, ouPath: [OU_PATH, 'o-*/r-ab12/*/'] },
      { arn, sourceIdentity: ['*@example.com', 'alice'] },
    ]) {
      const { code, stderr } = await tried(spec)
      t.equal(code, 0, `${JSON.stringify(spec)}: ${stderr}`)
    }
    for (const spec of [
      {},
      { arn: 'Admin' },
      { arn: 'arn:aws:iam::12345:role/Admin' },
      { arn, arnLike: 'arn:aws:iam::123456789012:role/ci-*' },
      { arnLike: 'arn:aws:iam::*:role/ci-*' },
      { arnLike: 'arn:*:iam::123456789012:role/ci' },
      { arnLike: 'arn:aws:iam::123456789012:role/team/*' },
      { arnLike: 'arn:aws:iam::123456789012:*' },
      { arn, principalId: '' },
      { arn, principalId: 'AROA1:alice' },
      { arn, sessionNames: [] },
      { arn, sessionNames: [''] },
      { arn, sessionNames: ['^a$'] },
      { arn, sessionName: 'a' },
      { arn: user, sessionNames: ['a'] },
      { arn, principalTags: {} },
      { arn, principalTags: { team: 'platform' } },
      { arn, principalTags: { team: [] } },
      { arn, principalTags: { team: [''] } },
      { arn, principalTags: { team: ['plat*'] } },
      { arn, principalTags: { '': ['platform'] } },
      { arn, principalTags: { ['a'.repeat(129)]: ['platform'] } },
      { arn, orgId: '' },
      { arn, orgId: 'o-*' },
      { arn, ouPath: OU_PATH },
      { arn, ouPath: [] },
      { arn, ouPath: ['ou-ab12-11111111'] },
      { arn, sourceIdentity: [] },
      { arn, sourceIdentity: ['a b'] },
      { arn: user, sourceIdentity: ['a'] },
      { arn, orgId: 'o-a1b2c3d4e5', principalId: 'AROA1' },
      { arn, sourceIdentity: ['a'], sessionNames: ['*'] },
      { arn, ouPaths: [OU_PATH] },
    ]) {
      t.equal((await tried(spec)).code, 1, JSON.stringify(spec))
    }
  })

  await t.test('a changed or deleted object takes effect within a second', async (t) => {
    await api.admin(['patch', ...MAPPING, '--type=merge', '-p', '{"spec":{"username":"changed"}}'])
    await eventually(t, 'changed', 'changed', LIVE_MS, who)
    await api.admin(['delete', ...MAPPING])
    await eventually(t, 'deleted', 'status 401', LIVE_MS, who)
  })

  await t.test('the server has requested nothing that its account may not', async (t) => {
    t.notMatch(pod.output(), /forbidden/i)
    t.notMatch(pod.output(), /level=error/)
    t.equal((await pod.stop()).code, 0)
  })
}
