import { roleEntry, testFollowing } from './harness/follow.ts'
import { eventually } from './harness/eventually.ts'
import { ACCOUNT_ID, roleArn } from './harness/logins.ts'

const LIVE_MS = 1000
const LARGEST_MS = 8000

/** The entries under `server.mapRoles`. */
function mapRoles(entries: string): string {
  return `  mapRoles:\n${entries.replace(/^(?=.)/gm, '    ')}`
}

const FILE = mapRoles(roleEntry('Both', 'by-file') + roleEntry('Filed'))

await testFollowing(
  'aws-auth before the file',
  { backends: 'EKSConfigMap,MountedFile', server: FILE },
  async (t, { put, becomes, is, server }) => {
    await becomes('Both', 'by-file', LIVE_MS, 'without aws-auth')
    put({ mapRoles: roleEntry('Both', 'by-aws-auth') + roleEntry('Dev') })
    await becomes('Both', 'by-aws-auth', LIVE_MS, 'aws-auth is asked first')
    await is('Dev', 'dev', 'in aws-auth alone')
    await is('Filed', 'filed', 'in the file alone')
    await is('Nobody', 'refused', 'in neither')
    put({ mapAccounts: `- "${ACCOUNT_ID}"\n` })
    await becomes('Both', roleArn('Both'), LIVE_MS, 'the account in aws-auth, before the role in the file')
    put({})
    await becomes('Both', 'by-file', LIVE_MS, 'emptied')
    const granted = server.log().filter(({ msg }) => msg === 'access granted')
    t.strictSame(
      [...new Set(granted.map(({ backend, entry }) => `${String(backend)} ${String(entry)}`))].sort(),
      [
        'EKSConfigMap mapAccounts',
        'EKSConfigMap mapRoles[0]',
        'EKSConfigMap mapRoles[1]',
        'MountedFile server.mapRoles[0]',
        'MountedFile server.mapRoles[1]',
      ],
      'the log says which entry of which backend it was',
    )
  },
)

await testFollowing(
  'the file before aws-auth',
  { backends: 'MountedFile,EKSConfigMap', server: FILE },
  async (_t, { put, becomes, is }) => {
    put({ mapRoles: roleEntry('Both', 'by-aws-auth') + roleEntry('Dev') })
    await becomes('Dev', 'dev', LIVE_MS, 'in aws-auth alone')
    await is('Both', 'by-file', 'the file is asked first')
    await is('Filed', 'filed', 'in the file alone')
    await is('Nobody', 'refused', 'in neither')
    put({ mapAccounts: `- "${ACCOUNT_ID}"\n` })
    await becomes('Dev', roleArn('Dev'), LIVE_MS, 'the account')
    await is('Both', 'by-file', 'the role in the file, before the account in aws-auth')
  },
)

await testFollowing(
  'a reserved username and a template that can not be filled are final',
  {
    backends: 'EKSConfigMap,MountedFile',
    server: `${FILE}  reservedPrefixConfig:\n    - backendMode: EKSConfigMap\n      usernamePrefixReserveList: ['system:']\n`,
  },
  async (t, { put, becomes, server }) => {
    put({ mapRoles: roleEntry('Both', 'system:admin') })
    await becomes('Both', 'refused', LIVE_MS, 'reserved in aws-auth, though the file has the role too')
    await server.waitForLog(({ reason }) => reason === 'reserved_username')
    put({ mapRoles: roleEntry('Both', '"{{EC2PrivateDNSName}}"') })
    await eventually(t, 'the template', true, LIVE_MS, async () => {
      await becomes('Both', 'refused', LIVE_MS, 'not filled in aws-auth, though the file has the role too')
      return server.log().some(({ reason }) => reason === 'template')
    })
  },
)

function teamEntry(index: number): string {
  const groups = `  groups:\n    - system:masters\n    - team-${index}\n`
  return roleEntry(`Team-${index}`, `team-${index}:{{SessionName}}`) + groups
}

/** Entries of teams, padded to this size; the last entry is another one. */
function fill(size: number, last: string): string {
  const count = Math.floor(size / teamEntry(9999).length) - 1
  return (Array.from({ length: count }, (_, index) => teamEntry(index)).join('') + last).padEnd(size, '#')
}

await testFollowing('a large aws-auth is live too', {}, async (t, { put, becomes, is }) => {
  put({ mapRoles: roleEntry('Last', 'first') })
  await becomes('Last', 'first', LARGEST_MS, 'before')
  put({ mapRoles: fill(64 * 1024, roleEntry('Last', 'large')) })
  await becomes('Last', 'large', LIVE_MS, '64 KiB')
  await is('Team-321', 'team-321:alice', 'an entry in the middle')
  // The largest document that an API server accepts. It is read at once, which delays logins.
  const largest = fill(1024 * 1024, roleEntry('Last', 'largest'))
  t.equal(largest.length, 1024 * 1024)
  put({ mapRoles: largest })
  await becomes('Last', 'largest', LARGEST_MS, '1 MiB')
  await is('Team-4711', 'team-4711:alice', 'an entry in the middle')
  put({ mapRoles: roleEntry('Last', 'small') })
  await becomes('Last', 'small', LIVE_MS, 'small again')
})
