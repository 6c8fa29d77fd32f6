import t from 'tap'
import { parse } from 'yaml'
import { property } from '@aws-iam-authenticator/core/untrusted'
import { texts } from '../deploy/objects.ts'
import { guideBlocks } from './harness/guide.ts'
import { failWithoutFolder, logInByGuide, prepareByGuide } from './harness/guide-login.ts'
import { noThrowAwayRoot as skip, type Mount } from './harness/throw-away-root.ts'

t.test(
  'the guide for RKE2: its script, flags, mounts and manifests make a cluster to log in to',
  { skip },
  async (t) => {
    const prepared = await prepareByGuide(t, 'rke2')
    const { node, clone } = prepared
    const [, kustomize = ''] = guideBlocks('rke2', 'Copy and paste', 'sh')
    await clone.run(kustomize)
    const [configuration = ''] = guideBlocks('rke2', 'Copy and paste', 'yaml')
    const keys: unknown = parse(configuration)
    const flags = texts(property(keys, 'kube-apiserver-arg')).map((flag) => `--${flag}`)
    t.equal(flags.length, 1)
    const volumes = texts(property(keys, 'kube-apiserver-extra-mount')).map((mount): Mount => {
      const [from = '', to = '', mode = ''] = mount.split(':')
      t.equal(mode, 'ro')
      return { from: node.path(from), to, readOnly: true }
    })
    // The kubelet gives the pod this file, because it is on the host network.
    volumes.push({ from: node.path('/etc/hosts'), to: '/etc/hosts', readOnly: true, file: true })
    const pod = { flags, volumes }
    await logInByGuide(t, prepared, pod, async (api) => {
      await api.admin(['apply', '--validate=strict', '-f', clone.path('aws-iam-authenticator.yaml')])
    })
    await failWithoutFolder(t, pod)
  },
)
