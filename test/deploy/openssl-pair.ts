import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'

/** The validity in days of a certificate of `init`, here and in the reference. */
const A_HUNDRED_YEARS = '36500'

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runBinary('openssl', args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd },
  })
  if (code !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`)
}

/** Writes `key.pem` in PKCS #1 (`RSA PRIVATE KEY`), mode 0600. */
async function writeKey(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await openssl(folder, ['genrsa', '-traditional', '-out', 'key.pem', '2048'])
}

/** Writes a pair as `init` of the reference creates it: its own authority, for 127.0.0.1 and localhost, valid for 100 years. */
export async function writeSelfSignedPair(folder: string): Promise<void> {
  await writeKey(folder)
  const extensions = [
    'basicConstraints=critical,CA:TRUE',
    'keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign',
    'extendedKeyUsage=serverAuth',
    'subjectAltName=IP:127.0.0.1,DNS:localhost',
  ]
  const subject = ['-subj', '/CN=aws-iam-authenticator', '-days', A_HUNDRED_YEARS, '-config', '/dev/null']
  const added = extensions.flatMap((extension) => ['-addext', extension])
  await openssl(folder, ['req', '-x509', '-key', 'key.pem', '-out', 'cert.pem', ...subject, ...added])
}

/** Writes a pair signed by the cluster's authority, as kops creates it, and returns the path of that authority. */
export async function writeSignedPair(folder: string, authorityFolder: string): Promise<string> {
  mkdirSync(authorityFolder, { recursive: true })
  const authority = join(authorityFolder, 'ca.crt')
  const itself = ['-subj', '/CN=kubernetes-ca', '-config', '/dev/null', '-addext', 'basicConstraints=critical,CA:TRUE']
  const authorityKey = ['-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key']
  await openssl(authorityFolder, ['req', '-x509', ...authorityKey, '-out', authority, ...itself])
  await writeKey(folder)
  const request = join(authorityFolder, 'request.pem')
  const extensions = join(authorityFolder, 'extensions')
  writeFileSync(extensions, 'extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const subject = ['-subj', '/CN=aws-iam-authenticator', '-config', '/dev/null']
  await openssl(folder, ['req', '-new', '-key', 'key.pem', ...subject, '-out', request])
  const signer = ['-CA', authority, '-CAkey', join(authorityFolder, 'ca.key'), '-set_serial', '2', '-days', '455']
  await openssl(folder, ['x509', '-req', '-in', request, ...signer, '-extfile', extensions, '-out', 'cert.pem'])
  rmSync(request)
  return authority
}
