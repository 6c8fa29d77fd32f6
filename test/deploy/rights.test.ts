import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { startTestServer } from '../e2e/harness/server.ts'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { FakeKubernetes, type Rule } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import { writeKubeconfig } from '@aws-iam-authenticator/sandbox/kubernetes/kubeconfig'
import { list, MANIFESTS, overlayObjects, parseObjects, texts } from './objects.ts'

/** The rights in the roles of an overlay. */
async function rightsOf(overlay: string): Promise<Rule[]> {
  const roles = (await overlayObjects(overlay)).filter((object) => textAt(object, 'kind')?.endsWith('Role') === true)
  return roles.flatMap((role) =>
    list(property(role, 'rules')).map((rule) => {
      const namespace = textAt(role, 'metadata', 'namespace')
      const names = property(rule, 'resourceNames')
      const rights = { verbs: texts(property(rule, 'verbs')), resources: texts(property(rule, 'resources')) }
      const named = names === undefined ? rights : Object.assign(rights, { resourceNames: texts(names) })
      return namespace === undefined ? named : Object.assign(named, { namespace })
    }),
  )
}

t.test('the overlay file grants nothing', async (t) => {
  t.same(await rightsOf('file'), [])
})

t.test('the rights of the service account suffice to follow aws-auth, and cover no other ConfigMap', async (t) => {
  const allow = await rightsOf('aws-auth')
  t.same(allow, [
    {
      verbs: ['get', 'list', 'watch'],
      resources: ['configmaps'],
      resourceNames: ['aws-auth'],
      namespace: 'kube-system',
    },
  ])
  const tls = selfSignedPair('sandbox')
  const api = await FakeKubernetes.start({ tls, accounts: [{ username: 'server', token: 'of the pod', allow }] })
  t.teardown(() => api.close())
  const aws = await startSandboxAws()
  t.teardown(() => aws.close())
  const kubeconfig = `${t.testdir({})}/kubeconfig`
  await writeKubeconfig(kubeconfig, { server: api.url, certificateAuthority: tls.cert, user: { token: 'of the pod' } })
  const [awsAuth] = parseObjects(readFileSync(join(MANIFESTS, 'examples/aws-auth.yaml'), 'utf8'))
  const server = await startTestServer(t, { aws, args: ['--backend-mode=EKSConfigMap', `--kubeconfig=${kubeconfig}`] })
  await api.until(() => api.openWatches > 0)
  api.putConfigMap('kube-system', 'aws-auth', { mapRoles: textAt(awsAuth, 'data', 'mapRoles') ?? '' })
  await server.waitForLog(({ msg, roles }) => msg === 'kube-system/aws-auth loaded' && roles === 1)
  t.same(
    api.requests.filter(({ status }) => status !== 200),
    [],
  )
})

t.test('the rights of the overlay crd suffice to map, to write the status and to create Events', async (t) => {
  const allow = await rightsOf('crd')
  t.same(allow, [
    { verbs: ['create', 'patch', 'update'], resources: ['events'], namespace: 'default' },
    { verbs: ['get', 'list', 'watch'], resources: ['iamidentitymappings'] },
    { verbs: ['patch', 'update'], resources: ['iamidentitymappings/status'] },
  ])
  const tls = selfSignedPair('sandbox')
  const api = await FakeKubernetes.start({ tls, accounts: [{ username: 'server', token: 'of the pod', allow }] })
  t.teardown(() => api.close())
  const aws = await startSandboxAws()
  t.teardown(() => aws.close())
  const kubeconfig = `${t.testdir({})}/kubeconfig`
  await writeKubeconfig(kubeconfig, { server: api.url, certificateAuthority: tls.cert, user: { token: 'of the pod' } })
  await startTestServer(t, { aws, args: ['--backend-mode=CRD', `--kubeconfig=${kubeconfig}`] })
  await api.until(() => api.openWatches > 0)
  const [mapping] = parseObjects(readFileSync(join(MANIFESTS, 'examples/identity-mapping.yaml'), 'utf8'))
  const spec = property(mapping, 'spec')
  api.putIdentityMapping('k8s-admin', { ...(typeof spec === 'object' ? spec : {}) })
  await api.until(() => api.listEvents().length > 0)
  t.match(api.getIdentityMapping('k8s-admin'), {
    status: { canonicalARN: 'arn:aws:iam::123456789012:role/k8s-admin' },
  })
  t.same(
    api.requests.filter(({ status }) => (status ?? 0) >= 400),
    [],
  )
})
