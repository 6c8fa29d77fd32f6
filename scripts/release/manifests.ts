import { stringify } from 'yaml'
import { SUMMARY, type Origin } from './origin.ts'
import type { Platform } from './platforms.ts'

/** An archive of the release. */
interface Archive {
  readonly platform: Platform
  readonly name: string
  /** In lower case hexadecimal digits. */
  readonly sha256: string
}

/** The release that package managers for macOS, Windows and kubectl download. */
interface Published {
  readonly origin: Origin
  readonly version: string
  readonly date: Date
  readonly archives: readonly Archive[]
}

/** A file for a package manager's repository. */
interface Manifest {
  readonly name: string
  readonly text: string
}

const NAME = 'aws-iam-authenticator'
const WINGET_VERSION = '1.6.0'
const WINGET_ARCH = { amd64: 'x64', arm64: 'arm64' } as const
const SCOOP_ARCH = { amd64: '64bit', arm64: 'arm64' } as const

function urlOf({ origin, version }: Published, { name }: Archive): string {
  return `${origin.repository}/releases/download/v${version}/${name}`
}

function ofSystem({ archives }: Published, os: Platform['os']): readonly Archive[] {
  return archives.filter(({ platform }) => platform.os === os)
}

function brewSystem(release: Published, os: 'darwin' | 'linux', block: string): string {
  const archives = ofSystem(release, os).map(
    (archive) => `    on_${archive.platform.arch === 'arm64' ? 'arm' : 'intel'} do
      url "${urlOf(release, archive)}"
      sha256 "${archive.sha256}"
    end
`,
  )
  return archives.length === 0 ? '' : `  ${block} do\n${archives.join('')}  end\n\n`
}

/** @see {@link https://docs.brew.sh/Formula-Cookbook | Formula Cookbook} */
function homebrew(release: Published): Manifest {
  const text = `class AwsIamAuthenticator < Formula
  desc "${SUMMARY}"
  homepage "${release.origin.repository}"
  version "${release.version}"
  license "Apache-2.0"

${brewSystem(release, 'darwin', 'on_macos')}${brewSystem(release, 'linux', 'on_linux')}  def install
    bin.install "${NAME}"
    man1.install Dir["share/man/man1/*.1"]
    bash_completion.install "share/bash-completion/completions/${NAME}"
    fish_completion.install "share/fish/vendor_completions.d/${NAME}.fish"
    zsh_completion.install "share/zsh/site-functions/_${NAME}"
    doc.install "third-party-notices.txt"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/${NAME} version")
  end
end
`
  return { name: `${NAME}.rb`, text }
}

/** @see {@link https://github.com/ScoopInstaller/Scoop/wiki/App-Manifests | App Manifests} */
function scoop(release: Published): Manifest {
  const { origin, version } = release
  const architecture = Object.fromEntries(
    ofSystem(release, 'windows').map((archive) => [
      SCOOP_ARCH[archive.platform.arch],
      { url: urlOf(release, archive), hash: archive.sha256 },
    ]),
  )
  const manifest = {
    version,
    description: SUMMARY,
    homepage: origin.repository,
    license: 'Apache-2.0',
    architecture,
    bin: `${NAME}.exe`,
    checkver: 'github',
  }
  return { name: `${NAME}.scoop.json`, text: `${JSON.stringify(manifest, null, 2)}\n` }
}

/** @see {@link https://learn.microsoft.com/windows/package-manager/package/manifest | Create your package manifest} */
function winget(release: Published): readonly Manifest[] {
  const { origin, version } = release
  const identifier = `${origin.owner}.${NAME}`
  const manifest = (part: string, type: string, fields: object): Manifest => ({
    name: `${identifier}${part}.yaml`,
    text: stringify({
      PackageIdentifier: identifier,
      PackageVersion: version,
      ...fields,
      ManifestType: type,
      ManifestVersion: WINGET_VERSION,
    }),
  })
  return [
    manifest('', 'version', { DefaultLocale: 'en-US' }),
    manifest('.locale.en-US', 'defaultLocale', {
      PackageLocale: 'en-US',
      Publisher: origin.owner,
      PackageName: NAME,
      PackageUrl: origin.repository,
      License: 'Apache-2.0',
      LicenseUrl: `${origin.repository}/blob/v${version}/LICENSE`,
      ShortDescription: SUMMARY,
    }),
    manifest('.installer', 'installer', {
      InstallerType: 'zip',
      NestedInstallerType: 'portable',
      NestedInstallerFiles: [{ RelativeFilePath: `${NAME}.exe`, PortableCommandAlias: NAME }],
      ReleaseDate: release.date.toISOString().slice(0, 10),
      Installers: ofSystem(release, 'windows').map((archive) => ({
        Architecture: WINGET_ARCH[archive.platform.arch],
        InstallerUrl: urlOf(release, archive),
        InstallerSha256: archive.sha256.toUpperCase(),
      })),
    }),
  ]
}

/** @see {@link https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/ | Writing Krew plugin manifests} */
function krew(release: Published): Manifest {
  // Krew has no name for the C library. Its plugins for Linux are those for glibc.
  const platforms = (['linux', 'darwin', 'windows'] as const).flatMap((os) =>
    ofSystem(release, os).map((archive) => ({
      selector: { matchLabels: { os, arch: archive.platform.arch } },
      uri: urlOf(release, archive),
      sha256: archive.sha256,
      bin: `${NAME}${archive.platform.extension}`,
    })),
  )
  const plugin = {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: NAME },
    spec: {
      version: `v${release.version}`,
      homepage: release.origin.repository,
      shortDescription: SUMMARY,
      description: `Signs a request to AWS STS and gives it to kubectl as a bearer token.\nIn a kubeconfig, the command of the exec plugin is kubectl-${NAME.replaceAll('-', '_')}.\n`,
      platforms,
    },
  }
  return { name: `${NAME}.krew.yaml`, text: stringify(plugin) }
}

/** Makes the manifests whose package managers have an archive to download. */
export function manifests(release: Published): readonly Manifest[] {
  const has = (...systems: readonly Platform['os'][]): boolean => systems.some((os) => ofSystem(release, os).length > 0)
  return [
    ...(has('darwin', 'linux') ? [homebrew(release)] : []),
    ...(has('windows') ? [scoop(release), ...winget(release)] : []),
    ...(has('darwin', 'linux', 'windows') ? [krew(release)] : []),
  ]
}
