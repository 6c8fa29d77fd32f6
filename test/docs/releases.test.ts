import t from 'tap'
import { archiveName } from '../../scripts/release/archives.ts'
import { imageName } from '../../scripts/release/image/image.ts'
import { packageNames } from '../../scripts/release/packages.ts'
import { executableName, PLATFORMS } from '../../scripts/release/platforms.ts'
import { document } from './documents.ts'

const VERSION = '1.0.0'

t.test('README and releases.md name files that a release makes', (t) => {
  const files = [
    imageName(VERSION),
    `authenticator_${VERSION}_checksums.txt`,
    `aws-iam-authenticator_${VERSION}_share.tar.gz`,
    `aws-iam-authenticator-${VERSION}.tgz`,
    ...PLATFORMS.map((platform) => executableName(VERSION, platform)),
    ...PLATFORMS.map((platform) => archiveName(VERSION, platform)),
    ...PLATFORMS.flatMap((platform) => packageNames(VERSION, platform)),
  ]
  const made = new Set([...files, ...files.map((name) => `${name}.sigstore.json`)])
  for (const path of ['README.md', 'docs/releases.md']) {
    const named = document(path).text.match(/\b(?:aws-iam-)?authenticator[-_]1\.0\.0[\w.-]*/g) ?? []
    t.ok(named.length > 4, path)
    for (const name of named) t.ok(made.has(name), `${path}: ${name}`)
  }
  t.end()
})
