import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { buildProgram, type GoProgram } from '../../apiserver/harness/binary.ts'
import { temporaryFolder } from '../../e2e/harness/command.ts'
import { missing, NFPM } from '../../release/package-tools.ts'
import { ROOT } from '../../../scripts/build/bundle.ts'
import { buildExecutable, createPerson, type Machine } from './machine.ts'

const LOADER = '/lib/ld-musl-x86_64.so.1'
const COMMAND = '/usr/bin/aws-iam-authenticator'
/** A wheel for musl, which brings the libstdc++ and libgcc of an older Alpine. */
const WHEEL = {
  requirement: 'greenlet==3.0.3 --hash=sha256:894393ce10ceac937e56ec00bb71c4c2f8209ad516e96033e4b3b1de270e200d\n',
  platform: ['--platform=musllinux_1_1_x86_64', '--python-version=311', '--only-binary=:all:', '--no-deps'],
}
/** The two functions that the runtime calls and this libstdc++ does not have. Both end the process. */
const NEWER = `
void _ZSt28__throw_bad_array_new_lengthv(void) { __builtin_trap(); }
void _ZSt21__glibcxx_assert_failPKciS0_S0_(void) { __builtin_trap(); }
`
/** Built by .ci/run too. */
export const INSTALL_APK: GoProgram = {
  name: 'install-apk',
  folder: '../platforms/install-apk',
  description: 'install-apk, once',
  stamps: {},
}

/** The reason why no root folder of Alpine can be made here; false if it can. */
export const noAlpine: string | false = ((): string | false => {
  if (process.arch !== 'x64') return 'the libraries are for x86-64'
  if (process.getuid?.() !== 0) return 'only root changes the root folder of a process'
  if (!existsSync(LOADER)) return 'needs musl: apt-get install musl'
  if (!existsSync('/bin/busybox')) return 'needs a static busybox: apt-get install busybox-static'
  if (NFPM === undefined) return 'packages need go 1.24 or newer on PATH'
  return missing('gcc') || missing('pip') || missing('unzip', '-v')
})()

/** Returns the folder with the libraries of the wheel, which pip downloads once and checks against its hash. */
function downloadLibraries(): string {
  const cache = join(ROOT, '.cache', 'musl')
  const libraries = join(cache, 'greenlet.libs')
  if (existsSync(libraries)) return libraries
  mkdirSync(cache, { recursive: true })
  const requirements = join(cache, 'requirements.txt')
  writeFileSync(requirements, WHEEL.requirement)
  const flags = ['--quiet', '--require-hashes', `--requirement=${requirements}`, `--dest=${cache}`, ...WHEEL.platform]
  execFileSync('pip', ['download', ...flags], { stdio: ['ignore', 'ignore', 'inherit'] })
  const wheel = readdirSync(cache).find((name) => name.endsWith('.whl')) ?? ''
  execFileSync('unzip', ['-q', join(cache, wheel), 'greenlet.libs/*', '-d', cache])
  return libraries
}

/** Makes the package libstdc++ in a repository. */
function packLibraries(repository: string, scratch: string): void {
  const libraries = downloadLibraries()
  const names = readdirSync(libraries)
  const cplusplus = names.find((name) => name.startsWith('libstdc++')) ?? ''
  const [source, wrapper] = [join(scratch, 'newer.c'), join(scratch, 'libstdc++.so.6')]
  writeFileSync(source, NEWER)
  const flags = ['-shared', '-nostdlib', '-fPIC', '-Wl,--no-as-needed', '-Wl,-soname,libstdc++.so.6']
  execFileSync('gcc', [...flags, '-o', wrapper, source, `-L${libraries}`, `-l:${cplusplus}`])
  const contents = [...names.map((name) => join(libraries, name)), wrapper].map((src) => ({ src, dst: '/usr/lib/' }))
  const config = join(scratch, 'libstdc++.json')
  const fields = { name: 'libstdc++', arch: 'amd64', platform: 'linux', version: '9.3.0', maintainer: 'test' }
  writeFileSync(config, JSON.stringify({ ...fields, description: 'The C++ library of GCC', contents }))
  const target = join(repository, 'x86_64')
  execFileSync(NFPM ?? '', ['package', '--config', config, '--packager', 'apk', '--target', target], {
    stdio: 'ignore',
  })
}

/** A root folder with musl and BusyBox. */
export interface Alpine {
  readonly root: string
  /** The repository of the release's package. */
  readonly repository: string
  /** Adds the package libstdc++ to the repository. */
  addLibraries(): void
  /** Installs the release's package and its dependencies. Returns the exit code and the output. */
  install(): { readonly code: number | null; readonly output: string }
  /** Copies the executable without its package, and returns its path inside. */
  copyExecutable(): string
  /** The machine with the installed command. */
  readonly machine: Machine
}

function makeRoot(root: string): void {
  for (const folder of ['bin', 'dev', 'lib', 'home', 'usr/lib']) mkdirSync(join(root, folder), { recursive: true })
  copyFileSync(LOADER, join(root, LOADER))
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'))
  for (const name of ['sh', 'cat', 'dirname']) symlinkSync('busybox', join(root, 'bin', name))
  execFileSync('mknod', ['-m', '666', join(root, 'dev/null'), 'c', '1', '3'])
}

/** Builds the executable and the package for Alpine, and makes the root folder. */
export async function startAlpine(t: Pick<Test, 'teardown'>): Promise<Alpine> {
  const folder = temporaryFolder(t)
  const [root, repository, release] = [join(folder, 'root'), join(folder, 'repository'), join(folder, 'release')]
  makeRoot(root)
  mkdirSync(join(repository, 'x86_64'), { recursive: true })
  const executable = buildExecutable('linux-musl_amd64', release)
  for (const name of readdirSync(release)) {
    if (name.endsWith('.apk')) copyFileSync(join(release, name), join(repository, 'x86_64', name))
  }
  const installer = await buildProgram(INSTALL_APK)
  const inside = (home: string): readonly [string, ...string[]] => [
    'unshare',
    `--root=${root}`,
    `--wd=${home}`,
    COMMAND,
  ]
  let people = 0
  return {
    root,
    repository,
    addLibraries: () => packLibraries(repository, folder),
    install: () => {
      const args = [root, repository, 'x86_64', 'aws-iam-authenticator']
      const { status, stdout, stderr } = spawnSync(installer, args, { encoding: 'utf8' })
      return { code: status, output: `${stdout}${stderr}` }
    },
    copyExecutable: () => {
      copyFileSync(executable, join(root, 'home/aws-iam-authenticator'))
      return '/home/aws-iam-authenticator'
    },
    machine: {
      command: inside('/'),
      printer: { name: 'print.sh', text: '#!/bin/sh\nexec cat "$(dirname "$0")/$1.json"\n' },
      person: (files) => {
        people += 1
        const home = `/home/person-${people}`
        mkdirSync(join(root, home))
        const path = (name: string): string => join(home, name)
        const environment = { PATH: process.env['PATH'] ?? '', HOME: home, AWS_EC2_METADATA_DISABLED: 'true' }
        const command = inside(home)
        return createPerson({ home: join(root, home), path, command, environment, files: files?.(path) ?? {} })
      },
    },
  }
}
