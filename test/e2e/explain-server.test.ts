import t from 'tap'
import { REASON_CODES } from '@aws-iam-authenticator/core/errors/reasons'
import { document, section } from '../docs/documents.ts'
import { ARN, explainIn, json } from './harness/explain.ts'
import { startPersonCluster, type PersonCluster } from './harness/person-cluster.ts'

const CONFIG = `clusterID: k8s.local
server:
  backendMode: [EKSConfigMap]
  dynamicfilepath: /etc/passwd
  scrubbedAccounts: ["999999999999"]
  mapRoles:
    - {rolearn: "${ARN}:role/Mounted", username: mounted}
`
const AWS_AUTH = { mapRoles: `- rolearn: ${ARN}:role/Admin\n  username: a\n` }

function putServer({ api }: PersonCluster, config: string, args: readonly string[]): void {
  api.putConfigMap('kube-system', 'aws-iam-authenticator', { 'config.yaml': config })
  const containers = [{ name: 'aws-iam-authenticator', image: 'x', args }]
  const labels = { 'k8s-app': 'aws-iam-authenticator' }
  api.putDaemonSet('kube-system', 'aws-iam-authenticator', {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers } },
  })
}

t.test('the settings of the server in the cluster', async (t) => {
  const cluster = await startPersonCluster(t, AWS_AUTH)
  putServer(cluster, CONFIG, ['server', '--backend-mode=ConfigMap,File', '--config=/etc/config.yaml', ''])
  const explain = (name: string): ReturnType<typeof json> =>
    json(cluster.run(['explain', '--arn', `${ARN}:${name}`, '--kubeconfig', cluster.kubeconfig, '-o', 'json']))
  t.match(await explain('role/Mounted'), {
    code: 0,
    said: {
      backends: [
        { backend: 'EKSConfigMap', outcome: 'no_match' },
        { backend: 'MountedFile', from: /^ConfigMap kube-system\/aws-iam-authenticator of https:/, outcome: 'mapped' },
      ],
      notes: [/DynamicFile is on the machines of the server/],
    },
  })
  t.notMatch(JSON.stringify(await explain('role/Mounted')), 'root:', 'no path of the cluster is read here')
  putServer(cluster, CONFIG, ['server'])
  t.match(await explain('role/Mounted'), {
    code: 2,
    said: { nearest: [{ kind: 'backend_not_asked' }], suggestion: /^aws-iam-authenticator add role .*role\/Mounted / },
  })
  putServer(cluster, CONFIG.replace('EKSConfigMap', 'EKSConfigmap'), ['server'])
  t.match(await explain('role/Admin'), { code: 0, said: { notes: [/backendMode.*EKSConfigmap/] } })
  putServer(cluster, 'server: [', ['server', '--no-such-flag'])
  t.match(await explain('role/Admin'), { code: 0, said: { notes: [/no-such-flag/, /can't be parsed/] } })
})

t.test('without rights, the note says whose are missing', async (t) => {
  const allow = [{ verbs: ['get'], resources: ['configmaps'], resourceNames: ['aws-auth'], namespace: 'kube-system' }]
  const accounts = [{ username: 'dev', token: 'dev', allow }]
  const cluster = await startPersonCluster(t, AWS_AUTH, { accounts })
  const explain = ['explain', '--arn', `${ARN}:role/Admin`, '-o', 'json', '--kubeconfig']
  const kubeconfig = await cluster.writeKubeconfig('dev', { token: 'dev' })
  t.match(await json(cluster.run([...explain, kubeconfig])), {
    code: 0,
    said: { outcome: 'mapped', notes: [/User "dev" cannot get .*the user ".+" of the kubeconfig lacks this right/] },
  })
  const failing = { apiVersion: 'client.authentication.k8s.io/v1', command: 'false', interactiveMode: 'Never' }
  const broken = await cluster.writeKubeconfig('broken', { exec: failing })
  const token = ['explain', '-i', 'k8s.local', '-t', 'k8s-aws-v1.rubbish', '-o', 'json', '--kubeconfig', broken]
  t.match(await json(cluster.run(token)), {
    code: 2,
    said: { reason: 'malformed_token', checks: [{ check: 'prefix', outcome: 'passed' }], notes: [/exec plugin false/] },
  })
})

t.test('--reason prints the section of errors.md', async (t) => {
  const explain = explainIn(t)
  const page = document('docs/errors.md')
  const found = await Promise.all(REASON_CODES.map((code) => json(explain(['--reason', code, '-o', 'json']))))
  for (const [index, code] of REASON_CODES.entries()) {
    t.match(found[index], { code: 0, said: { reason: code, url: new RegExp(`errors\\.md#${code}$`) } })
    t.match(found[index]?.said, { text: section(page, code).trim() })
  }
  t.match(await explain(['--reason', 'expired']), { code: 0, stdout: /^expired\n\n[^]*\*\*Fix:\*\* / })
  t.match(await explain(['--reason', 'x']), {
    code: 1,
    stderr: /^Error: invalid argument for --reason: "x" is none of /,
  })
  t.match(await explain(['--reason', 'expired', '--arn', 'x']), { code: 1, stderr: /^Error: --reason goes without/ })
})
