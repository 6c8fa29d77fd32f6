import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { helm } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { eventually } from '../e2e/harness/eventually.ts'
import { freePort } from '../e2e/harness/server.ts'
import { CHART, render, REQUIRED, runHelm, skip } from './chart.ts'
import { parseObjects } from './objects.ts'

const noRegistry =
  spawnSync('docker-registry', ['--version']).error === undefined ? false : 'apt-get install docker-registry'
const START_MS = 20_000

/** Starts a registry on 127.0.0.1, and returns its host and port. */
async function startRegistry(t: Test): Promise<string> {
  const folder = temporaryFolder(t)
  const host = `127.0.0.1:${await freePort()}`
  const config = join(folder, 'config.json')
  const storage = { filesystem: { rootdirectory: join(folder, 'data') } }
  writeFileSync(config, JSON.stringify({ version: 0.1, storage, http: { addr: host } }))
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore', env: {} })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  const status = async (): Promise<number> =>
    fetch(`http://${host}/v2/`).then(
      ({ status: code }) => code,
      () => 0,
    )
  await eventually(t, 'the registry answers', 200, START_MS, status)
  return host
}

t.test('helm pushes the chart to a registry, and renders it from there', { skip: skip || noRegistry }, async (t) => {
  const host = await startRegistry(t)
  const folder = temporaryFolder(t)
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await runBinary(await helm(), args, { cwd: folder, env: { HOME: folder } })
    t.equal(code, 0, stderr)
  }
  await run('package', CHART)
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? ''
  await run('push', archive, `oci://${host}/charts`, '--plain-http')
  const values = { ...REQUIRED, backends: ['CRD', 'MountedFile'] }
  const chart = `oci://${host}/charts/aws-iam-authenticator`
  const { code, stdout, stderr } = await runHelm(t, ['template', 'aws-iam-authenticator', '--plain-http'], values, {
    chart,
  })
  t.equal(code, 0, stderr)
  t.same(
    parseObjects(stdout).filter((object) => object !== null),
    await render(t, values),
  )
})
