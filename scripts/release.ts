// Builds a release in dist/release: an executable, an archive and packages for each platform, a package for npm, the container
// image, the manifests for package managers, the bill of materials, the third-party licences, the manual pages with the completion
// scripts, and the checksums.
//   node --conditions=aws-iam-authenticator-source scripts/release.ts [--platform=linux_amd64 ...] [--output=DIR] [--twice]
//     [--without-packages] [--without-image]
// --twice builds everything again in another folder and fails if a byte differs.
// --without-packages makes no deb, rpm, apk and Arch packages, which need Go.
// --without-image makes no image, which needs buildah and apt-get. Without linux_amd64 and linux_arm64 there is none either.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle, commit, ROOT, version } from './build/bundle.ts'
import { compile } from './build/compile.ts'
import { archiveName, makeArchive, makeNpmPackage, type Companions } from './release/archives.ts'
import { billOfMaterials } from './release/bill-of-materials.ts'
import { contentsOf, type BundleContents } from './release/bundled-packages.ts'
import { executableFault } from './release/executable-format.ts'
import { imageName, imagePlatforms, makeImage } from './release/image/image.ts'
import { lockedVersion, readLockFile } from './release/lock-file.ts'
import { signatureOf, withoutSignature } from './release/mach-o.ts'
import { manifests } from './release/manifests.ts'
import { nfpm } from './release/nfpm.ts'
import { readOrigin } from './release/origin.ts'
import { makePackages } from './release/packages.ts'
import { executableName, PLATFORMS, type Platform } from './release/platforms.ts'
import { runtimeOf } from './release/runtimes.ts'
import { sharedFiles } from './release/share.ts'
import { inScratchFolder } from './release/scratch.ts'
import { tarGzip } from './release/tar.ts'
import { thirdPartyNotices } from './release/third-party-notices.ts'

const { values } = parseArgs({
  options: {
    platform: { type: 'string', multiple: true, default: PLATFORMS.map(({ name }) => name) },
    output: { type: 'string', default: join(ROOT, 'dist', 'release') },
    'without-packages': { type: 'boolean', default: false },
    'without-image': { type: 'boolean', default: false },
    twice: { type: 'boolean', default: false },
  },
})
const platforms = values.platform.map((wanted) => {
  const found = PLATFORMS.find(({ name }) => name === wanted)
  if (found === undefined) {
    throw new Error(`no such platform "${wanted}": write one of ${PLATFORMS.map(({ name }) => name).join(', ')}`)
  }
  return found
})
const hashes = readLockFile()
const built = { version: version(), commit: commit() }

/** @param folder An empty folder. */
function makeExecutable(platform: Platform, bundled: string, folder: string, output: string): void {
  const compiled = compile({
    bundle: bundled,
    runtime: runtimeOf(platform, hashes, folder),
    target: platform.target,
    folder,
  })
  const program = readFileSync(compiled)
  if (platform.format === 'mach-o' && platform.cpu === 'x64' && signatureOf(program) === 'invalid') {
    writeFileSync(compiled, withoutSignature(program))
  }
  const fault = executableFault(readFileSync(compiled), platform, built.commit)
  if (fault !== null) throw new Error(`the executable for ${platform.name} ${fault}`)
  renameSync(compiled, join(output, executableName(built.version, platform)))
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

/**
 * Makes the archives and packages of the executables in a folder, the package for npm, and the manifests for package
 * managers.
 *
 * @returns The names of the files.
 */
async function makeDistributions(forNode: Buffer, companions: Companions, output: string): Promise<readonly string[]> {
  const origin = readOrigin()
  const npmName = `aws-iam-authenticator-${built.version}.tgz`
  writeFileSync(join(output, npmName), makeNpmPackage(built.version, forNode, origin, companions))
  const archives = platforms.map((platform) => {
    const name = archiveName(built.version, platform)
    const program = readFileSync(join(output, executableName(built.version, platform)))
    writeFileSync(join(output, name), makeArchive(platform, program, companions))
    return { platform, name, sha256: sha256(join(output, name)) }
  })
  const packages: string[] = []
  for (const platform of values['without-packages'] ? [] : platforms) {
    const program = join(output, executableName(built.version, platform))
    const parts = { nfpm: nfpm(), origin, version: built.version, program, companions }
    packages.push(...(await inScratchFolder(output, (scratch) => makePackages(parts, platform, scratch, output))))
  }
  const made = manifests({ origin, version: built.version, date: companions.date, archives })
  for (const { name, text } of made) writeFileSync(join(output, name), text)
  return [npmName, ...[...archives, ...made].map(({ name }) => name), ...packages]
}

/**
 * Makes the container image from the executables in a folder.
 *
 * @returns The names of the files.
 */
async function makeImages(
  contents: BundleContents,
  companions: Companions,
  output: string,
): Promise<readonly string[]> {
  const executables = imagePlatforms(values['without-image'] ? [] : platforms).map((platform) => ({
    platform,
    program: join(output, executableName(built.version, platform)),
    materials: billOfMaterials({ ...built, committedAt: companions.date, contents, platforms: [platform], hashes }),
  }))
  if (executables.length === 0) return []
  const name = imageName(built.version)
  const facts = { origin: readOrigin(), ...built, hashes, companions, executables }
  await inScratchFolder(output, (scratch) => makeImage(facts, scratch, join(output, name)))
  return [name]
}

/**
 * Builds all files into a folder, which it empties first.
 *
 * @returns The text of the checksum file.
 */
async function makeRelease(output: string): Promise<string> {
  mkdirSync(output, { recursive: true })
  for (const name of readdirSync(output)) rmSync(join(output, name), { recursive: true })
  const { contents, forNode } = await inScratchFolder(output, async (work) => {
    const bundled = join(work, 'aws-iam-authenticator.cjs')
    const made = contentsOf(await bundle(bundled))
    for (const platform of platforms) {
      await inScratchFolder(work, (folder) => makeExecutable(platform, bundled, folder, output))
    }
    return { contents: made, forNode: readFileSync(bundled) }
  })
  const committedAt = new Date(
    execFileSync('git', ['show', '--no-patch', '--format=%cI', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim(),
  )
  const materials = billOfMaterials({ ...built, committedAt, contents, platforms, hashes })
  const materialsName = `aws-iam-authenticator_${built.version}_sbom.cdx.json`
  writeFileSync(join(output, materialsName), `${JSON.stringify(materials, null, 2)}\n`)
  const notices = thirdPartyNotices(contents.packages, lockedVersion(hashes, 'bun'))
  const noticesName = `aws-iam-authenticator_${built.version}_third-party-notices.txt`
  writeFileSync(join(output, noticesName), notices)
  const shared = sharedFiles(built.version, committedAt)
  const sharedName = `aws-iam-authenticator_${built.version}_share.tar.gz`
  writeFileSync(
    join(output, sharedName),
    tarGzip(
      shared.map(({ path, text }) => ({ path, content: text })),
      committedAt,
    ),
  )
  const license = readFileSync(join(ROOT, 'LICENSE'), 'utf8')
  const companions = { license, notices, shared, date: committedAt }
  const names = [
    ...platforms.map((platform) => executableName(built.version, platform)),
    materialsName,
    sharedName,
    noticesName,
    ...(await makeDistributions(forNode, companions, output)),
    ...(await makeImages(contents, companions, output)),
  ]
  const checksums = names.map((name) => `${sha256(join(output, name))}  ${name}\n`).join('')
  writeFileSync(join(output, `authenticator_${built.version}_checksums.txt`), checksums)
  return checksums
}

const output = resolve(values.output)
const checksums = await makeRelease(output)
process.stdout.write(checksums)
if (values.twice) {
  const again = await inScratchFolder(tmpdir(), makeRelease)
  const other = new Set(again.split('\n'))
  const differing = checksums.split('\n').filter((line) => !other.has(line))
  if (differing.length > 0) throw new Error(`the second build differs:\n${differing.join('\n')}`)
  console.log('the second build, in another folder, has the same bytes')
}
