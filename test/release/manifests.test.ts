import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { archiveName, makeArchive } from '../../scripts/release/archives.ts'
import { manifests } from '../../scripts/release/manifests.ts'
import { readOrigin } from '../../scripts/release/origin.ts'
import { PLATFORMS } from '../../scripts/release/platforms.ts'
import { sharedFiles } from '../../scripts/release/share.ts'
import { missing } from './package-tools.ts'

const DATE = new Date('2026-01-02T03:04:06Z')
const OWNER = 'acme'
const ORIGIN = { repository: `https://github.com/${OWNER}/aws-iam-authenticator`, owner: OWNER }
const DOWNLOADS = `${ORIGIN.repository}/releases/download/v1.2.3/`
const companions = { license: 'a licence\n', notices: 'notices\n', shared: sharedFiles('1.2.3', DATE), date: DATE }

const folder = t.testdir()
const archives = PLATFORMS.map((platform) => {
  const name = archiveName('1.2.3', platform)
  const bytes = makeArchive(platform, Buffer.from(`program of ${platform.name}`), companions)
  writeFileSync(join(folder, name), bytes)
  return { platform, name, sha256: createHash('sha256').update(bytes).digest('hex') }
})
const made = new Map(
  manifests({ origin: ORIGIN, version: '1.2.3', date: DATE, archives }).map(({ name, text }) => [name, text]),
)

/** Returns the checksum of the file that a URL would download. */
function downloaded(url: unknown): string {
  const name = String(url).slice(DOWNLOADS.length)
  if (String(url) !== `${DOWNLOADS}${name}`) throw new Error(`${String(url)} is not a download of the release`)
  return createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex')
}

function parsed(name: string): unknown {
  const value: unknown = parse(made.get(name) ?? '')
  return value
}

/** Returns the value at a path of keys. */
function at(value: unknown, ...keys: readonly (string | number)[]): unknown {
  let found = value
  for (const key of keys) {
    found = typeof found === 'object' && found !== null ? new Map(Object.entries(found)).get(String(key)) : undefined
  }
  return found
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

t.test(
  'each platform has an archive with the command, the manual pages and the completion scripts',
  { skip: missing('unzip', '-v') },
  (t) => {
    t.strictSame(
      archives.map(({ name }) => name),
      [
        'aws-iam-authenticator-1.2.3-linux-amd64.tar.gz',
        'aws-iam-authenticator-1.2.3-linux-arm64.tar.gz',
        'aws-iam-authenticator-1.2.3-linux-musl-amd64.tar.gz',
        'aws-iam-authenticator-1.2.3-linux-musl-arm64.tar.gz',
        'aws-iam-authenticator-1.2.3-darwin-amd64.tar.gz',
        'aws-iam-authenticator-1.2.3-darwin-arm64.tar.gz',
        'aws-iam-authenticator-1.2.3-windows-amd64.zip',
        'aws-iam-authenticator-1.2.3-windows-arm64.zip',
      ],
    )
    for (const { platform, name } of archives) {
      const isZip = name.endsWith('.zip')
      const unpacked = join(folder, platform.name)
      mkdirSync(unpacked)
      if (isZip) execFileSync('unzip', ['-q', join(folder, name), '-d', unpacked], { env: { TZ: 'UTC' } })
      else execFileSync('tar', ['-xzf', join(folder, name), '-C', unpacked])
      const program = join(unpacked, `aws-iam-authenticator${platform.extension}`)
      t.equal(readFileSync(program, 'utf8'), `program of ${platform.name}`)
      t.equal(statSync(program).mode & 0o777, 0o755, name)
      const noon = new Date(DATE)
      noon.setUTCHours(12, 0, 0, 0)
      t.strictSame(statSync(program).mtime, isZip ? noon : DATE, name)
      t.equal(readFileSync(join(unpacked, 'LICENSE'), 'utf8'), 'a licence\n')
      t.equal(readFileSync(join(unpacked, 'third-party-notices.txt'), 'utf8'), 'notices\n')
      for (const { path, text } of companions.shared) t.equal(readFileSync(join(unpacked, path), 'utf8'), text, path)
    }
    t.end()
  },
)

t.test('the Homebrew formula has the checksum of each archive for macOS and for Linux with glibc', (t) => {
  const found = [...(made.get('aws-iam-authenticator.rb') ?? '').matchAll(/url "([^"]+)"\n +sha256 "(\w+)"/g)]
  t.equal(found.length, 4)
  for (const [, url = '', sha256] of found) t.equal(sha256, downloaded(url), url)
  t.end()
})

t.test('the Scoop manifest has the checksums of the archives for Windows', (t) => {
  const scoop: unknown = JSON.parse(made.get('aws-iam-authenticator.scoop.json') ?? '')
  t.equal(at(scoop, 'version'), '1.2.3')
  t.equal(at(scoop, 'bin'), 'aws-iam-authenticator.exe')
  for (const [arch, suffix] of [
    ['64bit', 'windows-amd64.zip'],
    ['arm64', 'windows-arm64.zip'],
  ] as const) {
    const url = at(scoop, 'architecture', arch, 'url')
    t.ok(String(url).endsWith(suffix))
    t.equal(at(scoop, 'architecture', arch, 'hash'), downloaded(url))
  }
  t.end()
})

t.test('the winget manifests have the checksums of the archives for Windows', (t) => {
  const [version, locale, installer] = ['', '.locale.en-US', '.installer'].map((part) =>
    parsed(`${OWNER}.aws-iam-authenticator${part}.yaml`),
  )
  for (const manifest of [version, locale, installer]) {
    t.equal(at(manifest, 'PackageIdentifier'), `${OWNER}.aws-iam-authenticator`)
    t.equal(at(manifest, 'PackageVersion'), '1.2.3')
  }
  const installers = list(at(installer, 'Installers'))
  t.strictSame(
    installers.map((each) => at(each, 'Architecture')),
    ['x64', 'arm64'],
  )
  for (const each of installers) {
    t.equal(at(each, 'InstallerSha256'), downloaded(at(each, 'InstallerUrl')).toUpperCase())
  }
  t.equal(at(installer, 'NestedInstallerFiles', 0, 'RelativeFilePath'), 'aws-iam-authenticator.exe')
  t.end()
})

t.test('the Krew manifest has the checksum of an archive for each system and processor', (t) => {
  const platforms = list(at(parsed('aws-iam-authenticator.krew.yaml'), 'spec', 'platforms'))
  t.strictSame(
    platforms.map((each) => `${String(at(each, 'selector', 'matchLabels', 'os'))} ${String(at(each, 'bin'))}`),
    [
      'linux aws-iam-authenticator',
      'linux aws-iam-authenticator',
      'darwin aws-iam-authenticator',
      'darwin aws-iam-authenticator',
      'windows aws-iam-authenticator.exe',
      'windows aws-iam-authenticator.exe',
    ],
  )
  for (const each of platforms) t.equal(at(each, 'sha256'), downloaded(at(each, 'uri')))
  t.end()
})

t.test('the publisher is the repository of package.json', (t) => {
  const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
  t.equal(readOrigin().repository, at(manifest, 'repository'))
  t.equal(readOrigin().repository.split('/')[3], readOrigin().owner)
  t.end()
})
