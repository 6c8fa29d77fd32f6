import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { billOfMaterials } from '../../scripts/release/bill-of-materials.ts'
import { imagePlatforms, makeImage } from '../../scripts/release/image/image.ts'
import { readLockFile } from '../../scripts/release/lock-file.ts'
import { PLATFORMS } from '../../scripts/release/platforms.ts'
import { valueAt } from '../e2e/harness/logins.ts'
import { Archive, sha256 } from './archive.ts'
import { cannotBuild } from './requirements.ts'

const DATE = new Date('2026-01-02T03:04:05Z')
const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const OWNER = 'acme'
const REPOSITORY = `https://github.com/${OWNER}/aws-iam-authenticator`

/** Makes an image with small programs in place of the executables. */
function make(folder: string): Buffer {
  // One is enough: both are made alike.
  const platforms = imagePlatforms(PLATFORMS).slice(1)
  const hashes = readLockFile()
  const shared = { version: '1.2.3', commit: COMMIT, hashes }
  const contents = { packages: [], imports: [] }
  const executables = platforms.map((platform) => {
    const program = join(folder, platform.arch)
    writeFileSync(program, `a program for ${platform.arch}\n`)
    const materials = billOfMaterials({ ...shared, committedAt: DATE, contents, platforms: [platform] })
    return { platform, program, materials }
  })
  const companions = { license: 'a licence\n', notices: 'notices\n', shared: [], date: DATE }
  const scratch = join(folder, 'scratch')
  mkdirSync(scratch)
  const file = join(folder, 'image.tar')
  makeImage({ ...shared, origin: { repository: REPOSITORY, owner: OWNER }, companions, executables }, scratch, file)
  return readFileSync(file)
}

t.test('the image has the same bytes each time', { skip: cannotBuild, timeout: 180_000 }, (t) => {
  const folder = t.testdir({ first: {}, second: {}, unpacked: {} })
  const first = make(join(folder, 'first'))
  const before = process.umask(0o077)
  const second = make(join(folder, 'second'))
  process.umask(before)
  t.equal(sha256(second), sha256(first))

  const archive = new Archive(join(folder, 'first/image.tar'), join(folder, 'unpacked'))
  const index = archive.index().document
  t.match(valueAt(index, 'annotations'), {
    'org.opencontainers.image.created': '2026-01-02T03:04:05.000Z',
    'org.opencontainers.image.documentation': `${REPOSITORY}/blob/v1.2.3/docs/install.md`,
    'org.opencontainers.image.revision': COMMIT,
    'org.opencontainers.image.source': REPOSITORY,
    'org.opencontainers.image.vendor': OWNER,
    'org.opencontainers.image.version': '1.2.3',
  })
  t.end()
})
