import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { REPLACED } from '../../scripts/build/lean.ts'
import { archiveName } from '../../scripts/release/archives.ts'
import { packageNames } from '../../scripts/release/packages.ts'
import { executableName, PLATFORMS } from '../../scripts/release/platforms.ts'
import { noMise, runByMise } from './mise.ts'
import { cyclonedxValidator } from './cyclonedx.ts'
import {
  installArch,
  installDeb,
  installFormula,
  installRpm,
  missing,
  NFPM,
  noPackages,
  notRoot,
  pacman,
} from './package-tools.ts'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const PLATFORM = `linux_${process.arch === 'arm64' ? 'arm64' : 'amd64'}`

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined
}

const output = t.testdir()
const printed = execFileSync(
  process.execPath,
  [
    '--conditions=aws-iam-authenticator-source',
    'scripts/release.ts',
    `--platform=${PLATFORM}`,
    `--output=${output}`,
    '--without-image',
    ...(NFPM === undefined ? ['--without-packages'] : []),
  ],
  { cwd: ROOT, encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', NODE_NO_WARNINGS: '1' } },
)
const version = String(field(JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8')), 'version'))
const executable = `aws-iam-authenticator_${version}_${PLATFORM}`
const materials = `aws-iam-authenticator_${version}_sbom.cdx.json`
const notices = `aws-iam-authenticator_${version}_third-party-notices.txt`
const shared = `aws-iam-authenticator_${version}_share.tar.gz`
const archive = `aws-iam-authenticator-${version}-${PLATFORM.replace('_', '-')}.tar.gz`
const npm = `aws-iam-authenticator-${version}.tgz`
const formula = 'aws-iam-authenticator.rb'
const krew = 'aws-iam-authenticator.krew.yaml'
const checksums = `authenticator_${version}_checksums.txt`
const [debArch, arch] = process.arch === 'arm64' ? ['arm64', 'aarch64'] : ['amd64', 'x86_64']
const deb = `aws-iam-authenticator_${version}_${debArch}.deb`
const rpm = `aws-iam-authenticator-${version}-1.${arch}.rpm`
const archPackage = `aws-iam-authenticator-${version}-1-${arch}.pkg.tar.zst`
const packages = NFPM === undefined ? [] : [deb, rpm, archPackage]

function reportedBy(program: string): unknown {
  const parsed: unknown = JSON.parse(execFileSync(program, ['version', '-o', 'json'], { encoding: 'utf8', env: {} }))
  return parsed
}

const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()

t.test(
  'a release has executables under the names that scripts download, checksums, bill of materials, manual pages and notices',
  (t) => {
    const names = [executable, materials, shared, notices, npm, archive, formula, krew, ...packages]
    t.same(readdirSync(output).sort(), [checksums, ...names].sort())
    t.equal(readFileSync(join(output, checksums), 'utf8'), printed)
    const checked = execFileSync('sha256sum', ['-c', checksums], { cwd: output, encoding: 'utf8' })
    t.equal(checked, names.map((name) => `${name}: OK\n`).join(''))
    // Scripts search the list for the line of their executable.
    t.equal(printed.split('\n').filter((line) => line.includes(`_${PLATFORM}`)).length, 1)
    t.same(reportedBy(join(output, executable)), { Version: version, Commit: commit })
    t.end()
  },
)

for (const [name, file, install, skip] of [
  ['dpkg installs the deb package', deb, installDeb, noPackages || notRoot || missing('dpkg')],
  ['rpm installs the rpm package', rpm, installRpm, noPackages || notRoot || missing('rpm')],
  ['pacman installs the Arch package', archPackage, installArch, noPackages || notRoot || missing('pacman')],
] as const) {
  t.test(`${name}, and its command runs`, { skip }, (t) => {
    const root = t.testdir()
    install(join(output, file), root)
    t.same(reportedBy(join(root, 'usr/bin/aws-iam-authenticator')), { Version: version, Commit: commit })
    const installed = new Set(readdirSync(root, { recursive: true, encoding: 'utf8' }))
    for (const path of [
      'usr/share/bash-completion/completions/aws-iam-authenticator',
      'usr/share/doc/aws-iam-authenticator/third-party-notices.txt',
      'usr/share/fish/vendor_completions.d/aws-iam-authenticator.fish',
      'usr/share/man/man1/aws-iam-authenticator-token.1.gz',
      `usr/share/zsh/${file === deb ? 'vendor-completions' : 'site-functions'}/_aws-iam-authenticator`,
      file === deb
        ? 'usr/share/doc/aws-iam-authenticator/copyright'
        : 'usr/share/licenses/aws-iam-authenticator/LICENSE',
    ]) {
      t.ok(installed.has(path), path)
    }
    if (file === archPackage) {
      t.match(pacman(root, ['--query', '--check', '--check', 'aws-iam-authenticator']), / 0 altered files\n$/)
      pacman(root, ['--remove', 'aws-iam-authenticator'])
      const left = readdirSync(root, { recursive: true, encoding: 'utf8' })
      t.strictSame(
        left.filter((path) => path.includes('aws-iam-authenticator') && path.startsWith('usr/')),
        [],
      )
    }
    t.end()
  })
}

t.test('npm installs the package for Node.js, and its command runs', (t) => {
  const prefix = t.testdir()
  const environment = { PATH: process.env['PATH'] ?? '', HOME: prefix }
  const flags = ['--global', '--offline', '--no-audit', '--no-fund', `--prefix=${prefix}`]
  execFileSync('npm', ['install', ...flags, join(output, npm)], { env: environment, stdio: 'pipe' })
  const said = execFileSync(join(prefix, 'bin/aws-iam-authenticator'), ['version', '-o', 'json'], {
    encoding: 'utf8',
    env: environment,
  })
  t.same(JSON.parse(said), { Version: version, Commit: commit })
  t.end()
})

t.test('the Homebrew formula installs the archive, and its test passes', { skip: missing('ruby') }, (t) => {
  const root = t.testdir({ unpacked: {}, prefix: {} })
  execFileSync('tar', ['-xzf', join(output, archive), '-C', join(root, 'unpacked')])
  const fields = installFormula(join(output, formula), join(root, 'unpacked'), join(root, 'prefix'))
  t.match(field(fields, 'url'), new RegExp(`/releases/download/v${version}/${archive}$`))
  t.ok(printed.includes(`${String(field(fields, 'sha256'))}  ${archive}\n`))
  t.same(reportedBy(join(root, 'prefix/bin/aws-iam-authenticator')), { Version: version, Commit: commit })
  t.ok(readdirSync(join(root, 'prefix/share/man/man1')).includes('aws-iam-authenticator-token.1'))
  t.end()
})

t.test('mise finds the archive for this machine among all files, and its command runs', { skip: noMise }, async (t) => {
  const names = [
    ...readdirSync(output),
    ...PLATFORMS.map((platform) => executableName(version, platform)),
    ...PLATFORMS.map((platform) => archiveName(version, platform)),
    ...PLATFORMS.flatMap((platform) => packageNames(version, platform)),
  ]
  const release = { version, names: [...new Set(names)].sort(), folder: output }
  const { code, stdout, stderr, downloads } = await runByMise(t, release, ['version', '-o', 'json'])
  t.equal(code, 0, stderr)
  t.same(JSON.parse(stdout), { Version: version, Commit: commit })
  t.strictSame(downloads, [checksums, archive], 'mise reads the checksums by itself')
})

t.test('the archive has a manual page for each command, and the completion scripts', (t) => {
  const folder = t.testdir()
  execFileSync('tar', ['-xzf', join(output, shared), '-C', folder])
  const pages = readdirSync(join(folder, 'share/man/man1'))
  for (const name of ['', '-add', '-add-role', '-cache-clear', '-lint', '-server', '-token']) {
    t.ok(pages.includes(`aws-iam-authenticator${name}.1`), name)
  }
  for (const [shell, path] of [
    ['bash', 'bash-completion/completions/aws-iam-authenticator'],
    ['fish', 'fish/vendor_completions.d/aws-iam-authenticator.fish'],
    ['powershell', 'powershell/aws-iam-authenticator.ps1'],
    ['zsh', 'zsh/site-functions/_aws-iam-authenticator'],
  ] as const) {
    const printed = execFileSync(join(output, executable), ['completion', shell], { encoding: 'utf8', env: {} })
    t.equal(readFileSync(join(folder, 'share', path), 'utf8'), printed, shell)
  }
  t.end()
})

t.test('the build path is not in the executable', (t) => {
  const bytes = readFileSync(join(output, executable))
  t.equal(bytes.indexOf(ROOT), -1)
  t.end()
})

t.test('the bill of materials is valid CycloneDX', (t) => {
  const validate = cyclonedxValidator()
  const bill: unknown = JSON.parse(readFileSync(join(output, materials), 'utf8'))
  t.equal(validate(bill), true, JSON.stringify(validate.errors))
  t.equal(validate({ ...Object(bill), specVersion: 6 }), false)
  t.end()
})

t.test('the bill of materials lists the content of the executable, and no build tools', (t) => {
  const bill: unknown = JSON.parse(readFileSync(join(output, materials), 'utf8'))
  const components = field(bill, 'components')
  if (!Array.isArray(components)) throw new Error('no components')
  const names = components.map((item) => String(field(item, 'purl')).replace(/@[^@]*$/, ''))
  for (const name of [
    'fastify',
    'undici',
    'node-forge',
    'prom-client',
    'yaml',
    '%40smithy/signature-v4',
    '%40aws-crypto/sha256-js',
  ]) {
    t.ok(names.includes(`pkg:npm/${name}`), name)
  }
  t.equal(names.filter((name) => name.startsWith('pkg:npm/%40oven/bun-linux-')).length, 1)
  for (const name of ['esbuild', 'tap', 'typescript', 'oxlint']) t.notOk(names.includes(`pkg:npm/${name}`), name)
  const refs = new Set(components.map((item) => field(item, 'bom-ref')))
  const dependencies = field(bill, 'dependencies')
  if (!Array.isArray(dependencies)) throw new Error('no dependencies')
  for (const dependency of dependencies) {
    const dependsOn = field(dependency, 'dependsOn')
    for (const ref of Array.isArray(dependsOn) ? dependsOn : []) t.ok(refs.has(ref), String(ref))
  }
  t.end()
})

t.test('everything in the executable has a licence in the bill of materials, and its text in the notices', (t) => {
  const components = field(JSON.parse(readFileSync(join(output, materials), 'utf8')), 'components')
  const text = readFileSync(join(output, notices), 'utf8')
  if (!Array.isArray(components)) throw new Error('no components')
  t.ok(components.length > 50)
  for (const component of components) {
    const licenses = field(component, 'licenses')
    const expression = String(field(Array.isArray(licenses) ? licenses[0] : undefined, 'expression'))
    t.match(expression, /^\(?[A-Z0-9][\w. -]+\)?$/)
    const name = decodeURIComponent(String(field(component, 'purl'))).replace(/^pkg:npm\/(.*)@[^@]*$/, '$1')
    if (field(component, 'type') === 'library') {
      t.ok(text.includes(`\n${name} ${String(field(component, 'version'))} (${expression})\n`), name)
    } else t.ok(text.includes(`Bun ${String(field(component, 'version'))}`), name)
  }
  for (const part of [
    'Apache License',
    'Permission is hereby granted',
    'Redistributions in binary form',
    'Copyright (c) Matteo Collina and Undici',
  ]) {
    t.ok(text.includes(part), part)
  }
  t.notMatch(text, new RegExp(`node_modules|${ROOT}`))
  t.end()
})

t.test('the bill of materials names library code that the build replaces', (t) => {
  const components = field(JSON.parse(readFileSync(join(output, materials), 'utf8')), 'components')
  if (!Array.isArray(components)) throw new Error('no components')
  const replaced = new Map<string, string[]>()
  for (const component of components) {
    const properties = field(component, 'properties')
    const modules = (Array.isArray(properties) ? properties : [])
      .filter((property) => field(property, 'name') === 'aws-iam-authenticator:replaced-module')
      .map((property) => String(field(property, 'value')))
    const notes = String(field(field(component, 'pedigree'), 'notes'))
    for (const module of modules) t.ok(notes.includes(module), module)
    t.equal(field(component, 'pedigree') === undefined, modules.length === 0)
    replaced.set(decodeURIComponent(String(field(component, 'purl'))).replace(/^pkg:npm\/(.*)@[^@]*$/, '$1'), modules)
  }
  t.same(replaced.get('fastify'), [
    '@fastify/ajv-compiler',
    '@fastify/fast-json-stringify-compiler',
    'light-my-request',
  ])
  t.same(replaced.get('undici'), ['undici/index.js'])
  t.same(replaced.get('yaml'), [])
  // Every row of the table is used, and named.
  t.same(new Set([...replaced.values()].flat()), new Set(REPLACED.keys()))
  t.end()
})
