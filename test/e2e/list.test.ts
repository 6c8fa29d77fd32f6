import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { ARN, AWS_AUTH } from './harness/explain.ts'
import { startPersonCluster } from './harness/person-cluster.ts'

const CONFIG = `server:
  mapUsers: [{userarn: "${ARN}:user/Ann", username: ann, groups: [a, b]}]
  mapAccounts: ["555555555555"]
`

t.test('the mappings of files, in each format', async (t) => {
  const cluster = await startPersonCluster(t, null)
  const { folder } = cluster
  writeFileSync(join(folder, 'aws-auth.yaml'), AWS_AUTH)
  writeFileSync(join(folder, 'config.yaml'), CONFIG)
  const list = ['list', '-c', 'config.yaml', 'aws-auth.yaml']
  const table = await cluster.run(list)
  t.equal(table.code, 0, table.stderr)
  const [heading, ann, account, admin, ...rest] = table.stdout.trimEnd().split('\n')
  t.match(heading, /^BACKEND +PRINCIPAL +USERNAME +GROUPS$/)
  t.match(ann, /^MountedFile +arn:aws:iam::123456789012:user\/Ann +ann +a,b$/, 'in the letter case of the entry')
  t.match(account, /^MountedFile +.*::555555555555:\* +\(the ARN\) +<none>$/)
  t.match(admin, /^EKSConfigMap +.*:role\/Admin +admin:\{\{SessionName\}\} +system:masters$/)
  t.equal(rest.length, 3)
  t.match((await cluster.run([...list, '-o', 'wide'])).stdout, /role\/team\/Dev .* mapRoles\[1\] +aws-auth\.yaml:9\n/)
  const json = await cluster.run([...list, '-o', 'json'])
  const said: unknown = JSON.parse(json.stdout)
  t.match(said, {
    mappings: [
      { backend: 'MountedFile', principal: `${ARN}:user/Ann`, groups: ['a', 'b'], from: 'config.yaml', line: 2 },
    ],
  })
  t.strictSame(parse((await cluster.run([...list, '-o', 'yaml'])).stdout), said)
})

t.test('conditions', async (t) => {
  const cluster = await startPersonCluster(t, null)
  const tagged = `{userarn: "${ARN}:user/Bob", username: bob, principalTags: {team: [a, b]}, orgId: o-a1b2c3d4e5}`
  const named = `{rolearn: "${ARN}:role/A", username: a, sessionnames: [ci, run]}`
  const configuration = `server:\n  mapUsers: [${tagged}]\n  mapRoles: [${named}]\n`
  writeFileSync(join(cluster.folder, 'config.yaml'), configuration)
  const list = ['list', '-c', 'config.yaml']
  const { stdout } = await cluster.run([...list, '-o', 'wide'])
  t.match(stdout, /^BACKEND .* USERID +SESSIONS +JWT +ENTRY /)
  t.match(stdout, /user\/Bob .* <none> +principalTags\.team=a\|b,orgId=o-a1b2c3d4e5 +server\.mapUsers\[0\] /)
  t.match(stdout, /role\/A .* ci,run +<none> +server\.mapRoles\[0\] /)
  t.match(JSON.parse((await cluster.run([...list, '-o', 'json'])).stdout), {
    mappings: [
      { sessionNames: ['ci', 'run'], principalTags: null, orgId: null, ouPath: null, sourceIdentity: null },
      { sessionNames: null, principalTags: { team: ['a', 'b'] }, orgId: 'o-a1b2c3d4e5', ouPath: null },
    ],
  })
})

t.test('a live cluster: every backend that can be read, with the settings of its server', async (t) => {
  const cluster = await startPersonCluster(t, { mapRoles: `- rolearn: ${ARN}:role/Admin\n  username: "a\\u001b[2J"\n` })
  cluster.api.putIdentityMapping('ops', { arn: `${ARN}:role/Ops`, username: 'ops', groups: ['ops'] })
  cluster.api.putConfigMap('kube-system', 'aws-iam-authenticator', { 'config.yaml': CONFIG })
  const { code, stdout } = await cluster.run(['list', '--kubeconfig', cluster.kubeconfig])
  t.equal(code, 0)
  t.match(stdout, /MountedFile .*user\/Ann.*\n(.*\n)*EKSConfigMap .*role\/Admin.*\nCRD .*role\/Ops +ops +ops\n/)
  t.notMatch(stdout, '\u001b', 'control characters are escaped')
  t.same(cluster.writes(), [])
})

t.test('without rights', async (t) => {
  const allow = [{ verbs: ['get'], resources: ['configmaps'], resourceNames: ['aws-auth'], namespace: 'kube-system' }]
  const cluster = await startPersonCluster(
    t,
    { mapRoles: `- rolearn: ${ARN}:role/Admin\n  username: a\n` },
    { accounts: [{ username: 'dev', token: 'dev', allow }] },
  )
  const some = await cluster.run(['list', '--kubeconfig', await cluster.writeKubeconfig('dev', { token: 'dev' })])
  t.match(some, {
    code: 0,
    stdout: /role\/Admin/,
    stderr: /CRD is not listed: .*the user ".+" of the kubeconfig lacks/,
  })
  const none = await cluster.run(['list', '--kubeconfig', await cluster.writeKubeconfig('no', { token: 'no' })])
  t.match(none, { code: 1, stdout: '', stderr: /EKSConfigMap is not listed: .*does not accept the user/ })
  t.match(await cluster.run(['list']), { code: 1, stderr: /^Error: no mappings/ })
})
