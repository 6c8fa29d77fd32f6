import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { startPerson, type Person } from './harness/person.ts'

/** Runs the command with static keys. */
function person(t: { teardown(action: () => void): void }): Person {
  return startPerson(t, { AWS_REGION: 'us-east-1' })
}

t.test('an unreadable configuration ends every subcommand', async (t) => {
  const { folder, run } = person(t)
  writeFileSync(join(folder, 'broken.yaml'), 'clusterID: k8s.local\nserver: [\n')
  writeFileSync(join(folder, 'list.yaml'), '- clusterID\n')
  writeFileSync(join(folder, 'config.ini'), 'clusterID=k8s.local\n')
  mkdirSync(join(folder, 'folder.yaml'))
  const fails = async (name: string, command: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await run([...command, '-i', 'k8s.local', '-c', name])
    t.equal(code, 1, `${command[0]} ${name}`)
    t.equal(stdout, '', `${command[0]} ${name}`)
    t.match(stderr, new RegExp(`Can't read configuration file.*${name}`), `${command[0]} ${name}`)
  }
  for (const name of ['gone.yaml', 'config.ini', 'folder.yaml', 'list.yaml']) await fails(name, ['version'])
  for (const command of [
    ['token'],
    ['init'],
    ['server'],
    ['verify', '-t', 'x'],
    ['lint', '-'],
    ['explain', '-t', 'x'],
    ['version'],
  ]) {
    await fails('broken.yaml', command)
  }
})

t.test('log lines are text or JSON', async (t) => {
  const { run } = person(t)
  const text = await run(['init', '-i', 'k8s.local'])
  const [, ...lines] = text.stderr.trim().split('\n')
  for (const line of lines) t.match(line, /^time="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ" level=info msg="[^"]+" \S/)
  const json = await run(['init', '-i', 'k8s.local', '-l', 'json'])
  const [, ...objects] = json.stderr.trim().split('\n')
  t.equal(objects.length, lines.length)
  for (const line of objects) t.match(JSON.parse(line), { time: /Z$/, level: 'info', msg: String })
})
