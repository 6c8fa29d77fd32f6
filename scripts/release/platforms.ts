/** A platform with an executable in each release. */
export interface Platform {
  /** The platform in names of release files: `<os>_<arch>` in Go's terms. */
  readonly name: string
  readonly os: 'linux' | 'linux-musl' | 'darwin' | 'windows'
  readonly arch: 'amd64' | 'arm64'
  /** The npm package with Bun's runtime for the platform. */
  readonly runtime: string
  /** The name of the target for Bun's compiler. */
  readonly target: string
  readonly format: 'elf' | 'mach-o' | 'pe'
  readonly cpu: 'x64' | 'arm64'
  /** The program interpreter of an ELF executable. */
  readonly interpreter?: string
  readonly extension: '' | '.exe'
}

const ARCH = { x64: 'amd64', arm64: 'arm64' } as const
const NPM_CPU = { x64: 'x64', arm64: 'aarch64' } as const

function linux(cpu: 'x64' | 'arm64', libc: '' | '-musl', interpreter: string): Platform {
  return {
    // The C library is part of the system's name, so that a search for `_linux_amd64` in a list finds one line.
    name: `linux${libc}_${ARCH[cpu]}`,
    os: `linux${libc}`,
    arch: ARCH[cpu],
    runtime: `@oven/bun-linux-${NPM_CPU[cpu]}${libc}`,
    target: `bun-linux-${cpu}${libc}`,
    format: 'elf',
    cpu,
    interpreter,
    extension: '',
  }
}

function other(os: 'darwin' | 'windows', cpu: 'x64' | 'arm64'): Platform {
  return {
    name: `${os}_${ARCH[cpu]}`,
    os,
    arch: ARCH[cpu],
    runtime: `@oven/bun-${os}-${NPM_CPU[cpu]}`,
    target: `bun-${os}-${cpu}`,
    format: os === 'darwin' ? 'mach-o' : 'pe',
    cpu,
    extension: os === 'windows' ? '.exe' : '',
  }
}

export const PLATFORMS: readonly Platform[] = [
  linux('x64', '', '/lib64/ld-linux-x86-64.so.2'),
  linux('arm64', '', '/lib/ld-linux-aarch64.so.1'),
  linux('x64', '-musl', '/lib/ld-musl-x86_64.so.1'),
  linux('arm64', '-musl', '/lib/ld-musl-aarch64.so.1'),
  other('darwin', 'x64'),
  other('darwin', 'arm64'),
  other('windows', 'x64'),
  other('windows', 'arm64'),
]

/** The file name that existing download scripts use. */
export function executableName(version: string, { name, extension }: Platform): string {
  return `aws-iam-authenticator_${version}_${name}${extension}`
}
