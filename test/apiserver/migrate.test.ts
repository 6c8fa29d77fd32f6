import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { document } from '../docs/documents.ts'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { startApiServer } from './harness/api-server.ts'

const LABELS = { 'k8s-app': 'aws-iam-authenticator' }
const OLD_IMAGE = '602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon/aws-iam-authenticator:v0.7.18'
const NEW_IMAGE = '123456789012.dkr.ecr.us-west-2.amazonaws.com/aws-iam-authenticator:1.0.0'

/** The DaemonSet of existing clusters, as far as the guide changes it. */
const BEFORE = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { namespace: 'kube-system', name: 'aws-iam-authenticator', labels: LABELS },
  spec: {
    selector: { matchLabels: LABELS },
    updateStrategy: { type: 'RollingUpdate' },
    template: {
      metadata: { labels: LABELS },
      spec: {
        serviceAccountName: 'aws-iam-authenticator',
        hostNetwork: true,
        containers: [
          {
            name: 'aws-iam-authenticator',
            image: OLD_IMAGE,
            args: ['server', '--backend-mode=ConfigMap,File', '--config=/etc/aws-iam-authenticator/config.yaml', ''],
            resources: { requests: { memory: '20Mi', cpu: '10m' }, limits: { memory: '20Mi', cpu: '100m' } },
          },
        ],
      },
    },
  },
}

/** The parts of a DaemonSet spec. */
function specWith(image: string, type: string, resources: unknown): unknown {
  return {
    updateStrategy: { type },
    template: { spec: { containers: [{ image, args: ['server', '--backend-mode=ConfigMap,File'], resources }] } },
  }
}

t.test('the commands of migrate.md change the DaemonSet as described, step by step, and back', async (t) => {
  const api = await startApiServer(t)
  await api.admin(['apply', '-f', '-'], JSON.stringify(BEFORE))
  const folder = temporaryFolder(t)
  writeFileSync(
    join(folder, 'kubectl'),
    `#!/bin/sh\nexec ${await kubectl('1.35')} --kubeconfig=${api.kubeconfig} "$@"\n`,
  )
  chmodSync(join(folder, 'kubectl'), 0o755)
  /** Runs the commands that change the DaemonSet in the blocks below a heading, and returns its spec after each block. */
  const follow = async (heading: string): Promise<unknown[]> => {
    const specs: unknown[] = []
    for (const { text } of document('docs/migrate.md').blocks.filter((block) => block.heading === heading)) {
      const lines = text.split('\n').filter((line) => /^IMAGE=| (?:patch|set image) daemonset/.test(line))
      if (lines.length === 0) continue
      const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder }
      const { code, stderr } = await runBinary('bash', ['-euc', lines.join('\n')], { cwd: folder, env })
      t.equal(code, 0, stderr)
      const made: unknown = JSON.parse(
        await api.admin(['get', '-n', 'kube-system', 'ds/aws-iam-authenticator', '-o', 'json']),
      )
      specs.push(property(made, 'spec'))
    }
    return specs
  }
  const enough = { requests: { memory: '80Mi', cpu: '10m' }, limits: { memory: '192Mi', cpu: undefined } }
  t.match(await follow('2. The memory limit first'), [specWith(OLD_IMAGE, 'RollingUpdate', enough)])
  t.match(await follow('3. One node'), [
    specWith(NEW_IMAGE, 'OnDelete', enough),
    specWith(OLD_IMAGE, 'OnDelete', enough),
  ])
  await api.admin([
    '-n',
    'kube-system',
    'set',
    'image',
    'ds/aws-iam-authenticator',
    `aws-iam-authenticator=${NEW_IMAGE}`,
  ])
  t.match(await follow('4. The other nodes'), [specWith(NEW_IMAGE, 'RollingUpdate', enough)])
})
