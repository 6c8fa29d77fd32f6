import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
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

/**
 * Starts an empty registry on this machine, and returns its host and port.
 *
 * @param home The home folder of skopeo, which gets its settings.
 */
export async function startRegistry(t: { teardown(action: () => unknown): void }, home: string): Promise<string> {
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
  // This registry has no TLS.
  mkdirSync(join(home, '.config/containers'), { recursive: true })
  const settingsOfClient = `[[registry]]\nlocation = "${host}"\ninsecure = true\n`
  writeFileSync(join(home, '.config/containers/registries.conf'), settingsOfClient)
  return host
}
