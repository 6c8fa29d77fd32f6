import { SUMMARY, type Origin } from './origin.ts'
import type { Platform } from './platforms.ts'
import type { SharedFile } from './share.ts'
import { tarGzip, type ArchivedFile } from './tar.ts'
import { zip } from './zip.ts'

/** What archives and packages contain beside the executable. */
export interface Companions {
  readonly license: string
  readonly notices: string
  readonly shared: readonly SharedFile[]
  /** The date of all files. */
  readonly date: Date
}

/** The archive's name. It has dashes, so that a search for `_linux_amd64` in the list of checksums finds one line. */
export function archiveName(version: string, { os, arch }: Platform): string {
  return `aws-iam-authenticator-${version}-${os}-${arch}.${os === 'windows' ? 'zip' : 'tar.gz'}`
}

/** Makes a platform's archive: the command, the manual pages, the completion scripts and the licences. */
export function makeArchive({ os, extension }: Platform, program: Buffer, companions: Companions): Buffer {
  const { license, notices, shared, date } = companions
  const files: readonly ArchivedFile[] = [
    { path: `aws-iam-authenticator${extension}`, content: program, isExecutable: true },
    { path: 'LICENSE', content: license },
    { path: 'third-party-notices.txt', content: notices },
    ...shared.map(({ path, text }) => ({ path, content: text })),
  ]
  return os === 'windows' ? zip(files, date) : tarGzip(files, date)
}

/** Makes the package for npm. It has no dependencies, and runs wherever Node.js does. */
export function makeNpmPackage(
  version: string,
  bundle: Buffer,
  origin: Origin,
  { license, notices, date }: Companions,
): Buffer {
  const manifest = {
    name: 'aws-iam-authenticator',
    version,
    description: SUMMARY,
    license: 'Apache-2.0',
    repository: origin.repository,
    bin: { 'aws-iam-authenticator': 'aws-iam-authenticator.cjs' },
    engines: { node: '>=24' },
  }
  const files: readonly ArchivedFile[] = [
    { path: 'package/package.json', content: `${JSON.stringify(manifest, null, 2)}\n` },
    {
      path: 'package/aws-iam-authenticator.cjs',
      content: Buffer.concat([Buffer.from('#!/usr/bin/env node\n'), bundle]),
      isExecutable: true,
    },
    { path: 'package/LICENSE', content: license },
    { path: 'package/third-party-notices.txt', content: notices },
  ]
  return tarGzip(files, date)
}
