import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Companions } from './archives.ts'
import { SUMMARY, type Origin } from './origin.ts'
import type { Platform } from './platforms.ts'

interface Format {
  /** The name of the format in nfpm. */
  readonly packager: 'deb' | 'rpm' | 'apk' | 'archlinux'
  readonly os: Platform['os']
  readonly dependencies: readonly string[]
  /** The path of the licence. */
  readonly license: string
  /** The folder of zsh's completion functions. */
  readonly zsh: string
  readonly fileName: (version: string, arch: Platform['arch']) => string
}

const NAME = 'aws-iam-authenticator'
const CPU = { amd64: 'x86_64', arm64: 'aarch64' } as const
const LICENSES = `/usr/share/licenses/${NAME}/LICENSE`
const SITE_FUNCTIONS = '/usr/share/zsh/site-functions'

const FORMATS: readonly Format[] = [
  {
    packager: 'deb',
    os: 'linux',
    dependencies: ['libc6 (>= 2.17)'],
    license: `/usr/share/doc/${NAME}/copyright`,
    zsh: '/usr/share/zsh/vendor-completions',
    fileName: (version, arch) => `${NAME}_${version}_${arch}.deb`,
  },
  {
    packager: 'rpm',
    os: 'linux',
    dependencies: ['glibc >= 2.17'],
    license: LICENSES,
    zsh: SITE_FUNCTIONS,
    fileName: (version, arch) => `${NAME}-${version}-1.${CPU[arch]}.rpm`,
  },
  {
    packager: 'archlinux',
    os: 'linux',
    dependencies: ['glibc'],
    license: LICENSES,
    zsh: SITE_FUNCTIONS,
    fileName: (version, arch) => `${NAME}-${version}-1-${CPU[arch]}.pkg.tar.zst`,
  },
  {
    packager: 'apk',
    os: 'linux-musl',
    dependencies: ['libstdc++'],
    license: LICENSES,
    zsh: SITE_FUNCTIONS,
    fileName: (version, arch) => `${NAME}_${version}_${CPU[arch]}.apk`,
  },
]

/** Places the shared files below /usr. PowerShell reads no folder of /usr, so its script is left out. */
function placed({ license, notices, shared }: Companions, format: Format): ReadonlyMap<string, string | Buffer> {
  const files = new Map<string, string | Buffer>([
    [format.license, license],
    [`/usr/share/doc/${NAME}/third-party-notices.txt`, notices],
  ])
  for (const { path, text } of shared) {
    if (path.endsWith('.1')) files.set(`/usr/${path}.gz`, gzipSync(text, { level: 9 }))
    else if (path.startsWith('share/zsh/')) files.set(`${format.zsh}/_${NAME}`, text)
    else if (!path.endsWith('.ps1')) files.set(`/usr/${path}`, text)
  }
  return files
}

function formatsOf({ os }: Platform): readonly Format[] {
  return FORMATS.filter((format) => format.os === os)
}

/** Returns the names of a platform's packages. */
export function packageNames(version: string, platform: Platform): readonly string[] {
  return formatsOf(platform).map(({ fileName }) => fileName(version, platform.arch))
}

/** The parts of a release that its packages contain. */
interface PackageParts {
  readonly nfpm: string
  readonly origin: Origin
  readonly version: string
  /** The path of the executable. */
  readonly program: string
  readonly companions: Companions
}

function settings({ origin, version, companions }: PackageParts, format: Format, arch: Platform['arch']): object {
  return {
    name: NAME,
    arch,
    platform: 'linux',
    version,
    section: 'admin',
    priority: 'optional',
    maintainer: origin.repository,
    vendor: origin.owner,
    description: SUMMARY,
    homepage: origin.repository,
    license: 'Apache-2.0',
    mtime: companions.date.toISOString(),
    depends: format.dependencies,
    rpm: { buildhost: 'localhost', summary: SUMMARY, group: 'Unspecified' },
    archlinux: { packager: origin.repository },
  }
}

/**
 * Makes the packages of Linux distributions for a platform.
 *
 * @param scratch An empty folder.
 * @returns The names of the files in `output`.
 */
export function makePackages(
  parts: PackageParts,
  platform: Platform,
  scratch: string,
  output: string,
): readonly string[] {
  return formatsOf(platform).map((format) => {
    const contents = [{ src: parts.program, dst: `/usr/bin/${NAME}`, file_info: { mode: 0o755 } }]
    for (const [dst, content] of placed(parts.companions, format)) {
      const src = join(scratch, format.packager, dst)
      mkdirSync(dirname(src), { recursive: true })
      writeFileSync(src, content)
      contents.push({ src, dst, file_info: { mode: 0o644 } })
    }
    const config = join(scratch, `${format.packager}.json`)
    writeFileSync(config, JSON.stringify({ ...settings(parts, format, platform.arch), contents }))
    const name = format.fileName(parts.version, platform.arch)
    execFileSync(
      parts.nfpm,
      ['package', '--config', config, '--packager', format.packager, '--target', join(output, name)],
      {
        env: { SOURCE_DATE_EPOCH: String(Math.floor(parts.companions.date.getTime() / 1000)) },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
    return name
  })
}
