import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { request } from 'undici'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { freePort } from '../e2e/harness/server.ts'

async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url)
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}

export interface Registry {
  /** The host and the port. */
  readonly host: string
  /** Settings for skopeo: this registry has no TLS. */
  readonly environment: Readonly<Record<string, string>>
}

/** Starts an empty registry on this machine. */
export async function startRegistry(t: { teardown(action: () => unknown): void }): Promise<Registry> {
  const folder = temporaryFolder(t)
  const host = `127.0.0.1:${await freePort()}`
  const settings = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host },
  }
  // YAML is a superset of JSON.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(settings))
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
  const ended = once(child, 'close')
  t.teardown(() => child.kill('SIGKILL') && ended)
  while (!(await answers(`http://${host}/v2/`))) {
    if (child.exitCode !== null) throw new Error('the registry ended')
    await setTimeout(50)
  }
  const registries = join(folder, 'registries.conf')
  writeFileSync(registries, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`)
  return { host, environment: { CONTAINERS_REGISTRIES_CONF: registries } }
}
