import { existsSync } from 'node:fs'
import { test } from 'tap'
import { wellKnownServiceAccount, WELL_KNOWN_FOLDER } from '@aws-iam-authenticator/sandbox/kubernetes/in-cluster'
import { inCluster } from '../../src/api/in-cluster.ts'

const files = { token: 'one\n', certificateAuthority: 'CA', namespace: 'kube-system' }
const environment = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }
const taken = process.getuid?.() === 0 ? false : 'only root may lay out a service account'

void test('a process outside a pod is an error', async (t) => {
  for (const none of [
    {},
    { ...environment, KUBERNETES_SERVICE_HOST: '' },
    { ...environment, KUBERNETES_SERVICE_PORT: '' },
    { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
  ]) {
    await t.rejects(inCluster(none), { code: 'invalid_configuration' })
  }
})

void test('a pod without a service account is an error', { skip: existsSync(WELL_KNOWN_FOLDER) }, async (t) => {
  await t.rejects(inCluster(environment), { code: 'file_unreadable' })
})

void test('the service account gives the API server, and its token is read again', { skip: taken }, async (t) => {
  const account = await wellKnownServiceAccount(files)
  if (account === undefined) return t.comment('this machine has a service account of its own')
  t.teardown(() => account.remove())
  const { server, tls, authorization } = await inCluster(environment)
  t.equal(server, 'https://10.0.0.1:443')
  t.same(tls, { ca: 'CA' })
  t.equal(await authorization(), 'Bearer one')
  await account.update({ ...files, token: 'two' })
  t.equal(await authorization(), 'Bearer two')
  t.equal((await inCluster({ ...environment, KUBERNETES_SERVICE_HOST: 'fd00::1' })).server, 'https://[fd00::1]:443')
})
