import t from 'tap'
import { parse } from 'yaml'
import { property } from '@aws-iam-authenticator/core/untrusted'
import { texts } from '../deploy/objects.ts'
import { guideBlocks } from './harness/guide.ts'
import { logInByGuide, prepareByGuide } from './harness/guide-login.ts'
import { noThrowAwayRoot as skip } from './harness/throw-away-root.ts'

t.test('the guide for k3s: its script, flags and manifests make a cluster to log in to', { skip }, async (t) => {
  const prepared = await prepareByGuide(t, 'k3s')
  const { node, clone } = prepared
  const [, kustomize = ''] = guideBlocks('k3s', 'Copy and paste', 'sh')
  await clone.run(kustomize)
  const [configuration = ''] = guideBlocks('k3s', 'Copy and paste', 'yaml')
  const flags = texts(property(parse(configuration), 'kube-apiserver-arg')).map((flag) => `--${flag}`)
  t.equal(flags.length, 1)
  // kube-apiserver runs in the process of k3s, which sees all of the node's /etc.
  const volumes = [{ from: node.path('/etc'), to: '/etc', readOnly: true }]
  await logInByGuide(t, prepared, { flags, volumes }, async (api) => {
    await api.admin(['apply', '--validate=strict', '-f', clone.path('aws-iam-authenticator.yaml')])
  })
})
