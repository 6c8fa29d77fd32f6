import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makePackages } from '../../scripts/release/packages.ts'
import { PLATFORMS } from '../../scripts/release/platforms.ts'
import { sharedFiles } from '../../scripts/release/share.ts'
import { NFPM, noPackages } from './package-tools.ts'

const DATE = new Date('2026-01-02T03:04:05Z')
const OWNER = 'acme'
const ORIGIN = { repository: `https://github.com/${OWNER}/aws-iam-authenticator`, owner: OWNER }
const PROGRAM = '#!/bin/sh\necho "$0"\n'
const companions = { license: 'a licence\n', notices: 'notices\n', shared: sharedFiles('1.2.3', DATE), date: DATE }

/** Makes the packages of all platforms, with a small program in place of the executable. */
function make(folder: string): readonly string[] {
  const program = join(folder, 'program')
  writeFileSync(program, PROGRAM)
  const parts = { nfpm: NFPM ?? '', origin: ORIGIN, version: '1.2.3', program, companions }
  return PLATFORMS.flatMap((platform) =>
    makePackages(parts, platform, join(folder, 'scratch', platform.name), join(folder, 'output')),
  )
}

t.test('each Linux platform has its packages, with the same bytes each time', { skip: noPackages }, (t) => {
  const folder = t.testdir({ first: { output: {} }, second: { output: {} } })
  const names = make(join(folder, 'first'))
  t.strictSame(names, [
    'aws-iam-authenticator_1.2.3_amd64.deb',
    'aws-iam-authenticator-1.2.3-1.x86_64.rpm',
    'aws-iam-authenticator-1.2.3-1-x86_64.pkg.tar.zst',
    'aws-iam-authenticator_1.2.3_arm64.deb',
    'aws-iam-authenticator-1.2.3-1.aarch64.rpm',
    'aws-iam-authenticator-1.2.3-1-aarch64.pkg.tar.zst',
    'aws-iam-authenticator_1.2.3_x86_64.apk',
    'aws-iam-authenticator_1.2.3_aarch64.apk',
  ])
  make(join(folder, 'second'))
  for (const name of names) {
    const [first, second] = ['first', 'second'].map((run) => readFileSync(join(folder, run, 'output', name)))
    t.ok(second !== undefined && first?.equals(second), name)
  }
  t.end()
})

t.test('the apk package needs libstdc++, and has the hash of its files', { skip: noPackages }, (t) => {
  const folder = t.testdir({ output: {}, root: {} })
  make(folder)
  for (const [cpu, name] of [
    ['x86_64', 'aws-iam-authenticator_1.2.3_x86_64.apk'],
    ['aarch64', 'aws-iam-authenticator_1.2.3_aarch64.apk'],
  ] as const) {
    const file = join(folder, 'output', name)
    execFileSync('tar', ['-xzf', file, '-C', join(folder, 'root')], { stdio: 'pipe' })
    const lines = readFileSync(join(folder, 'root/.PKGINFO'), 'utf8').split('\n')
    for (const line of [
      'pkgname = aws-iam-authenticator',
      'pkgver = 1.2.3',
      `arch = ${cpu}`,
      'depend = libstdc++',
      'license = Apache-2.0',
    ]) {
      t.ok(lines.includes(line), line)
    }
    t.equal(readFileSync(join(folder, 'root/usr/bin/aws-iam-authenticator'), 'utf8'), PROGRAM)
    t.equal(statSync(join(folder, 'root/usr/bin/aws-iam-authenticator')).mode & 0o777, 0o755)
    t.equal(readFileSync(join(folder, 'root/usr/share/licenses/aws-iam-authenticator/LICENSE'), 'utf8'), 'a licence\n')
    // The files are the second gzip stream of the package.
    const bytes = readFileSync(file)
    const data = bytes.subarray(bytes.indexOf(Buffer.from([0x1f, 0x8b, 0x08, 0]), 4))
    t.ok(lines.includes(`datahash = ${createHash('sha256').update(data).digest('hex')}`), name)
  }
  t.end()
})
