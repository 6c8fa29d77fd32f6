import { test } from 'tap'
import { formatExecCredential } from '../src/exec-credential.ts'

const token = 'k8s-aws-v1.example'
const expiration = new Date('2025-03-04T05:20:07.890Z')
const v1beta1 = 'client.authentication.k8s.io/v1beta1'

void test('the output is one line, in the key order of the reference', async (t) => {
  t.equal(
    formatExecCredential({ token, expiration }),
    `{"kind":"ExecCredential","apiVersion":"${v1beta1}","spec":{"interactive":false},` +
      `"status":{"expirationTimestamp":"2025-03-04T05:20:07Z","token":"${token}"}}`,
  )
})

void test('the apiVersion requested by kubectl is echoed', async (t) => {
  const cases: readonly (readonly [execInfo: string | undefined, apiVersion: string])[] = [
    [undefined, v1beta1],
    ['', v1beta1],
    ['{"apiVersion":"client.authentication.k8s.io/v1"}', 'client.authentication.k8s.io/v1'],
    ['{"apiVersion":"client.authentication.k8s.io/v1alpha1"}', 'client.authentication.k8s.io/v1alpha1'],
    ['{"apiVersion":"client.authentication.k8s.io/v9","kind":"x"}', 'client.authentication.k8s.io/v9'],
    ['{"apiVersion":""}', v1beta1],
    ['{"apiVersion":1}', v1beta1],
    ['{"apiVersion":null}', v1beta1],
    ['{}', v1beta1],
    ['[]', v1beta1],
    ['null', v1beta1],
    ['"client.authentication.k8s.io/v1"', v1beta1],
    ['{"apiVersion":', v1beta1],
  ]
  for (const [execInfo, apiVersion] of cases) {
    t.has(JSON.parse(formatExecCredential({ token, expiration, execInfo })), { apiVersion }, String(execInfo))
  }
})
