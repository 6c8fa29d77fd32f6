import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { followCertificate, type CertificateFollower } from '../../src/tls/serving-certificate.ts'
import { recordedLog, type RecordedLine } from '../recorded-log.ts'

const source = selfSignedPair('localhost')
const pair = { certificatePem: source.cert, keyPem: source.key }

function follow(t: Test, now: Date): { readonly follower: CertificateFollower; readonly lines: RecordedLine[] } {
  const folder = t.testdir({})
  const paths = { certificatePath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') }
  writeFileSync(paths.certificatePath, pair.certificatePem)
  writeFileSync(paths.keyPath, pair.keyPem, { mode: 0o600 })
  const { log, lines } = recordedLog()
  const options = {
    ...paths,
    pair,
    log,
    now: () => now,
    onReplaced: () => t.fail('nothing is new'),
    onExpiry: () => undefined,
  }
  return { follower: followCertificate(options), lines }
}

void test('an expired or not yet valid certificate is a fault, and the coming expiry is logged once a day', async (t) => {
  const { follower, lines } = follow(t, new Date('2999-01-01T00:00:00Z'))
  t.match(follower.fault(), /expired/)
  follower.start()
  await new Promise((resolve) => setTimeout(resolve, 800))
  await follower.stop()
  t.match(lines, [{ level: 'error', message: /has expired/ }])
  t.equal(lines.length, 1)
  t.match(follow(t, new Date('1999-01-01T00:00:00Z')).follower.fault(), /^the certificate is not valid before /)
  t.equal(follow(t, new Date()).follower.fault(), null)
})
