import t, { type Test } from 'tap'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { startTestServer, type TestServer } from './harness/server.ts'
import { startAws, USER_CONFIGURATION } from './harness/webhook.ts'

/** The accepted TLS 1.2 suites, without the kind of key. */
const ACCEPTED = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']
const ACCEPTED_TLS13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

/** Key exchange without forward secrecy, and encryption in CBC mode. */
const REFUSED = [
  'AES128-SHA',
  'AES256-SHA',
  'AES128-SHA256',
  'AES256-SHA256',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-SHA',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-SHA',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-ECDSA-AES128-SHA',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-ECDSA-AES128-SHA256',
]

/** The cipher suite that `openssl s_client` negotiates with the server, and its exit code. */
async function agree(
  { port, folder }: TestServer,
  options: readonly string[],
): Promise<[suite: string, code: unknown]> {
  const { code, stdout } = await runBinary(
    'openssl',
    ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', ...options],
    { cwd: folder, env: { PATH: process.env['PATH'] ?? '', HOME: folder } },
  )
  return [/Cipher is (\S+)/.exec(stdout)?.[1] ?? 'no handshake', code]
}

async function start(t: Test, keyType: string): Promise<TestServer> {
  const aws = await startAws(t)
  return startTestServer(t, { aws, configuration: `${USER_CONFIGURATION}  keyType: ${keyType}\n` })
}

for (const [keyType, name] of [
  ['rsa', 'RSA'],
  ['ecdsa', 'ECDSA'],
] as const) {
  t.test(`TLS with an ${name} key: 1.2 with ECDHE and authenticated encryption, 1.3, and nothing else`, async (t) => {
    const server = await start(t, keyType)
    for (const suite of ACCEPTED.map((rest) => `ECDHE-${name}-${rest}`)) {
      t.same(await agree(server, ['-tls1_2', '-cipher', suite]), [suite, 0], suite)
    }
    for (const suite of ACCEPTED_TLS13) {
      t.same(await agree(server, ['-tls1_3', '-ciphersuites', suite]), [suite, 0], suite)
    }
    for (const suite of REFUSED) {
      t.same(await agree(server, ['-tls1_2', '-cipher', `${suite}:@SECLEVEL=0`]), ['(NONE)', 1], suite)
    }
    for (const version of ['-tls1_1', '-tls1']) {
      t.same(await agree(server, [version, '-cipher', 'ALL:@SECLEVEL=0']), ['(NONE)', 1], version)
    }
  })
}
