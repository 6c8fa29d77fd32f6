import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { commit, ROOT, version } from '../../scripts/build/bundle.ts'
import { executableFault } from '../../scripts/release/executable-format.ts'
import { PLATFORMS, executableName } from '../../scripts/release/platforms.ts'
import { valueAt } from '../e2e/harness/logins.ts'
import { cyclonedxValidator } from '../release/cyclonedx.ts'
import { Archive, digestOf, items, sha256, type StoredImage } from './archive.ts'
import { startRegistry } from './registry.ts'
import { cannotBuild, cannotStart, missingPrograms } from './requirements.ts'
import { cannotEmulate, testRuns } from './runs.ts'
import { provenanceValidator } from './statement-schema.ts'

// The executables for both processors are built, and one of them runs under emulation: the default limit is 300 s.
t.setTimeout(900_000)

const INDEX = 'application/vnd.oci.image.index.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const SBOM = 'application/vnd.cyclonedx+json'
const PROVENANCE = 'application/vnd.in-toto+json'

/** Makes a release with the image. */
function makeRelease(output: string): void {
  const args = ['--conditions=aws-iam-authenticator-source', 'scripts/release.ts', `--output=${output}`]
  const only = ['--platform=linux_amd64', '--platform=linux_arm64', '--without-packages']
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', NODE_NO_WARNINGS: '1' }
  execFileSync(process.execPath, [...args, ...only], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'], env })
}

function platformOf({ architecture }: StoredImage): (typeof PLATFORMS)[number] {
  const found = PLATFORMS.find(({ name }) => name === `linux_${architecture}`)
  if (found === undefined) throw new Error(`no platform for ${architecture}`)
  return found
}

function testLayout(t: Test, archive: Archive, images: readonly StoredImage[]): void {
  const index = archive.index()
  t.equal(valueAt(index.descriptor, 'mediaType'), INDEX)
  t.match(valueAt(index.descriptor, 'annotations'), { 'org.opencontainers.image.ref.name': version() })
  t.same(
    images.map(({ descriptor }) => valueAt(descriptor, 'platform')),
    ['amd64', 'arm64'].map((architecture) => ({ architecture, os: 'linux' })),
  )
  const listed = items(valueAt(index.document, 'manifests')).map((each) => valueAt(each, 'platform', 'architecture'))
  t.same(listed, ['amd64', 'arm64', 'unknown', 'unknown', 'unknown', 'unknown'], 'images come first')
  // Each descriptor's digest and size have been compared with its blob.
  t.same([...archive.read].toSorted(), archive.blobs().toSorted(), 'the archive has nothing else')
  const annotations = valueAt(index.document, 'annotations')
  t.match(annotations, {
    'org.opencontainers.image.title': 'aws-iam-authenticator',
    'org.opencontainers.image.version': version(),
    'org.opencontainers.image.revision': commit(),
    'org.opencontainers.image.licenses': /(?:^| )Apache-2\.0 AND .*LGPL-2\.1-or-later/,
  })
  for (const image of images) {
    t.match(image.document, { schemaVersion: 2, mediaType: MANIFEST })
    t.same(valueAt(image.document, 'annotations'), annotations)
    t.same(valueAt(image.config, 'config', 'Labels'), annotations)
    t.match(image.config, { architecture: image.architecture, os: 'linux' })
    t.match(image.config, { config: { User: '10000:10000', Entrypoint: ['/aws-iam-authenticator'] } })
    t.equal(valueAt(image.config, 'config', 'Cmd'), undefined)
    t.same([...image.attached.keys()].toSorted(), [SBOM, PROVENANCE])
  }
}

/** The lines of `tar --list --verbose`: mode, owner, size, date, time, path. */
function filesOf(file: string): readonly string[][] {
  const printed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '-zf', file], { encoding: 'utf8' })
  return printed
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ +/))
}

function testFiles(t: Test, archive: Archive, images: readonly StoredImage[], output: string): void {
  for (const image of images) {
    const [layer = '', ...more] = image.layers
    t.same(more, [])
    t.same(valueAt(image.config, 'rootfs', 'diff_ids'), [sha256(gunzipSync(readFileSync(archive.path(layer))))])
    const files = filesOf(archive.path(layer))
    for (const [mode = '', owner, , , , path = ''] of files) {
      t.match(mode, /^(?:d|-)rw[x-]r-[x-]r-[x-]$/, `${path} is a file or folder that only root may write`)
      t.equal(owner, '0/0', path)
    }
    const paths = new Set(files.map((line) => line[5]))
    for (const path of ['LICENSE', 'third-party-notices.txt']) {
      t.ok(paths.has(`usr/share/doc/aws-iam-authenticator/${path}`), path)
    }
    const root = t.testdir()
    execFileSync('tar', ['-xzf', archive.path(layer), '-C', root, 'aws-iam-authenticator'])
    const program = readFileSync(join(root, 'aws-iam-authenticator'))
    const platform = platformOf(image)
    t.equal(executableFault(program, platform, commit()), null)
    t.ok(program.equals(readFileSync(join(output, executableName(version(), platform)))), 'the file of the release')
    t.ok(paths.has(platform.interpreter?.slice(1)), `it has ${platform.interpreter ?? ''}`)
  }
}

function testDocuments(t: Test, images: readonly StoredImage[]): void {
  const [validBill, validStatement] = [cyclonedxValidator(), provenanceValidator()]
  for (const image of images) {
    const digest = digestOf(image.descriptor)
    const bill = image.attached.get(SBOM)?.document
    t.equal(validBill(bill), true, JSON.stringify(validBill.errors))
    const described = valueAt(bill, 'metadata', 'component', 'purl')
    t.equal(described, `pkg:oci/aws-iam-authenticator@${encodeURIComponent(digest)}?arch=${image.architecture}`)
    const components = new Map(items(valueAt(bill, 'components')).map((each) => [valueAt(each, 'name'), each]))
    for (const name of ['aws-iam-authenticator', 'fastify', 'libc6', 'ca-certificates'])
      t.ok(components.has(name), name)
    t.match(valueAt(components.get('libc6'), 'version'), /^2\.36-9\+deb12u\d+$/)

    const statement = image.attached.get(PROVENANCE)?.document
    t.equal(validStatement(statement), true, JSON.stringify(validStatement.errors))
    t.same(valueAt(statement, 'subject'), [{ name: 'aws-iam-authenticator', digest: { sha256: digest.slice(7) } }])
    const definition = valueAt(statement, 'predicate', 'buildDefinition')
    t.match(valueAt(definition, 'externalParameters'), { commit: commit(), platform: `linux/${image.architecture}` })
    const dependencies = items(valueAt(definition, 'resolvedDependencies'))
    const [source, lockFile, runtime] = dependencies
    t.equal(valueAt(source, 'digest', 'gitCommit'), commit())
    t.equal(
      `sha256:${String(valueAt(lockFile, 'digest', 'sha256'))}`,
      sha256(readFileSync(join(ROOT, 'pnpm-lock.yaml'))),
    )
    t.ok(String(valueAt(runtime, 'uri')).startsWith(`pkg:npm/${platformOf(image).runtime.replace('@', '%40')}@`))
    for (const name of ['libc6', 'ca-certificates']) {
      const component = components.get(name)
      const [hash] = items(valueAt(component, 'hashes'))
      t.match(
        dependencies.find((each) => valueAt(each, 'uri') === valueAt(component, 'purl')),
        { digest: { sha256: valueAt(hash, 'content') } },
        name,
      )
    }
  }
  t.notOk(validStatement({ ...Object(images[0]?.attached.get(PROVENANCE)?.document), subject: [] }))
}

const skipPush = cannotBuild || missingPrograms({ skopeo: 'skopeo', 'docker-registry': 'docker-registry' })

/** The commands of the release workflow that push the image. */
function pushCommands(): string {
  const workflow: unknown = parse(readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8'))
  const steps = items(valueAt(workflow, 'jobs', 'image', 'steps'))
  return String(
    valueAt(
      steps.find((step) => valueAt(step, 'id') === 'push'),
      'run',
    ),
  )
}

/** Pushes the archive to a registry as the workflow does, pulls it by digest, and compares. */
async function testPush(t: Test, archive: Archive, output: string): Promise<void> {
  const folder = t.testdir({ unpacked: {}, outputs: '', release: t.fixture('symlink', output) })
  const host = await startRegistry(t, folder)
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder }
  const run = (program: string, args: readonly string[], more = {}): string =>
    execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe', env: { ...env, ...more } })
  run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', pushCommands()], {
    REGISTRY: host,
    GITHUB_REPOSITORY: 'Acme/AWS-IAM-Authenticator',
    GITHUB_REF_NAME: `v${version()}`,
    GITHUB_OUTPUT: join(folder, 'outputs'),
  })
  const image = `${host}/acme/aws-iam-authenticator`
  const digest = digestOf(archive.index().descriptor)
  t.equal(readFileSync(join(folder, 'outputs'), 'utf8'), `image=${image}\ndigest=${digest}\n`)
  t.equal(sha256(run('skopeo', ['inspect', '--raw', `docker://${image}:${version()}`])), digest)

  const pulled = join(folder, 'pulled.tar')
  run('skopeo', ['copy', '--all', '--preserve-digests', `docker://${image}@${digest}`, `oci-archive:${pulled}`])
  const again = new Archive(pulled, join(folder, 'unpacked'))
  t.equal(digestOf(again.index().descriptor), digest)
  t.same(again.blobs().toSorted(), archive.blobs().toSorted(), 'with the attached documents')
  // Runtimes choose by platform, and must not see the attached documents.
  for (const architecture of ['amd64', 'arm64']) {
    const chosen: unknown = JSON.parse(
      run('skopeo', [`--override-arch=${architecture}`, 'inspect', `docker://${image}@${digest}`]),
    )
    t.equal(valueAt(chosen, 'Architecture'), architecture)
  }
}

await t.test('the image of a release', { skip: cannotBuild }, async (t) => {
  const folder = t.testdir({ output: {}, unpacked: {} })
  const output = join(folder, 'output')
  makeRelease(output)
  const file = join(output, `aws-iam-authenticator_${version()}_oci.tar`)
  const archive = new Archive(file, join(folder, 'unpacked'))
  const images = archive.images()
  await t.test('the layout has an index of images, each with its labels and attachments', async (t) =>
    testLayout(t, archive, images),
  )
  await t.test('each image has the executable of the release, and nothing that its user may write', async (t) =>
    testFiles(t, archive, images, output),
  )
  await t.test('the bill of materials and the provenance are about the image they are attached to', async (t) =>
    testDocuments(t, images),
  )
  await t.test('the workflow pushes it to a registry, which returns it by its digest', { skip: skipPush }, (t) =>
    testPush(t, archive, output),
  )
  for (const image of images) {
    await t.test(`runs on ${image.architecture}`, { skip: cannotStart || cannotEmulate(image) }, (t) =>
      testRuns(t, archive, image),
    )
  }
})
