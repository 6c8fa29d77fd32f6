// Builds a release in dist/release: an executable for each platform, the bill of materials, the third-party licences, the
// manual pages with the completion scripts, and the checksums.
//   node --conditions=aws-iam-authenticator-source scripts/release.ts [--platform=linux_amd64 ...] [--output=DIR] [--twice]
// --twice builds everything again in another folder and fails if a byte differs.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { bundle, commit, ROOT, version } from './build/bundle.ts'
import { compile } from './build/compile.ts'
import { billOfMaterials } from './release/bill-of-materials.ts'
import { contentsOf } from './release/bundled-packages.ts'
import { executableFault } from './release/executable-format.ts'
import { lockedVersion, readLockFile } from './release/lock-file.ts'
import { signatureOf, withoutSignature } from './release/mach-o.ts'
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

function checksumLine(file: string): string {
  return `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${basename(file)}\n`
}

/**
 * Builds all files into a folder, which it empties first.
 *
 * @returns The text of the checksum file.
 */
async function makeRelease(output: string): Promise<string> {
  mkdirSync(output, { recursive: true })
  for (const name of readdirSync(output)) rmSync(join(output, name), { recursive: true })
  const contents = await inScratchFolder(output, async (work) => {
    const bundled = join(work, 'aws-iam-authenticator.cjs')
    const made = contentsOf(await bundle(bundled))
    for (const platform of platforms) {
      await inScratchFolder(work, (folder) => makeExecutable(platform, bundled, folder, output))
    }
    return made
  })
  const committedAt = new Date(
    execFileSync('git', ['show', '--no-patch', '--format=%cI', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim(),
  )
  const materials = billOfMaterials({ ...built, committedAt, contents, platforms, hashes })
  const materialsName = `aws-iam-authenticator_${built.version}_sbom.cdx.json`
  writeFileSync(join(output, materialsName), `${JSON.stringify(materials, null, 2)}\n`)
  const noticesName = `aws-iam-authenticator_${built.version}_third-party-notices.txt`
  writeFileSync(join(output, noticesName), thirdPartyNotices(contents.packages, lockedVersion(hashes, 'bun')))
  const sharedName = `aws-iam-authenticator_${built.version}_share.tar.gz`
  writeFileSync(join(output, sharedName), tarGzip(sharedFiles(built.version, committedAt), committedAt))
  const names = [
    ...platforms.map((platform) => executableName(built.version, platform)),
    materialsName,
    sharedName,
    noticesName,
  ]
  const checksums = names.map((name) => checksumLine(join(output, name))).join('')
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
