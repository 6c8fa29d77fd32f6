import { once } from 'node:events'
import { createReadStream, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { archivedProgram } from './npm-archive.ts'

const TOOL = 'github:acme/aws-iam-authenticator'
const MISE = {
  name: '@jdxcode/mise-linux-x64@2026.9.15',
  sha512: 'ButPFGyztN0Rk/HOHvHuf+W80CkvQRAjbDWHvhGJc3PnL3e2KhCYZIOyjx8wPkhr9VJa/7sJZXpxtt5JLjsfaQ==',
  path: 'package/bin/mise',
}

/** The reason why mise does not run here; false if it does. */
export const noMise: string | false =
  process.platform === 'linux' && process.arch === 'x64' ? false : 'mise is for Linux on x86-64 here'

/** A release on GitHub. */
export interface Release {
  readonly version: string
  /** The names of its files. */
  readonly names: readonly string[]
  /** The folder that has at least the file for this machine. */
  readonly folder: string
}

/** Serves a release as GitHub's API does. Returns the URL of the API, and the names of the downloaded files. */
async function serveRelease(
  t: Test,
  { version, names, folder }: Release,
): Promise<{ url: string; downloads: string[] }> {
  const downloads: string[] = []
  let base = ''
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const asset = names[Number(/^\/assets\/(\d+)$/.exec(path)?.[1] ?? NaN)]
    if (asset !== undefined) {
      downloads.push(asset)
      createReadStream(join(folder, asset)).pipe(response)
      return
    }
    const assets = names.map((name, id) => {
      const url = `${base}/assets/${id}`
      return { id, name, size: 1, content_type: 'application/octet-stream', url, browser_download_url: url }
    })
    const date = '2026-01-01T00:00:00Z'
    const tag = `v${version}`
    const release = { tag_name: tag, name: tag, draft: false, prerelease: false, created_at: date, assets }
    response.end(JSON.stringify(path.includes('/releases/') ? release : [release]))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no port')
  base = `http://127.0.0.1:${address.port}`
  return { url: base, downloads }
}

/** Installs a release with mise, and runs the command with these arguments. */
export async function runByMise(
  t: Test,
  release: Release,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string; downloads: readonly string[] }> {
  const { url, downloads } = await serveRelease(t, release)
  const home = temporaryFolder(t)
  const project = join(home, 'project')
  mkdirSync(project)
  const options = `version = "${release.version}", api_url = "${url}/api/v3"`
  writeFileSync(join(project, 'mise.toml'), `[tools]\n"${TOOL}" = { ${options} }\n`)
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, MISE_YES: '1', MISE_TRUSTED_CONFIG_PATHS: project }
  const program = archivedProgram(MISE)
  const run = await runBinary(program, ['exec', '--', 'aws-iam-authenticator', ...args], { cwd: project, env })
  return { code: run.code, stdout: run.stdout, stderr: run.stderr, downloads }
}
