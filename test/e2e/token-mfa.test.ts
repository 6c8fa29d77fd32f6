import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { identities, MFA_ROLE_ARN, MFA_SERIAL, roles } from '@aws-iam-authenticator/sandbox/aws/example-account'
import { startSandboxAws, type SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { COMMAND, finish, spawnCommand, type Environment, type Finished } from './harness/command.ts'
import { asked, callerOf, CLUSTER_ID, KEYS_PROFILE, personAtHome, runToken, tokenOf } from './harness/token.ts'

const PROMPT = 'Assume Role MFA token code: '
const CODE = '123456'
const CAREFUL = 'arn:aws:sts::111122223333:assumed-role/Careful/careful'
const CONFIG = `${KEYS_PROFILE}
[profile mfa]
role_arn = ${MFA_ROLE_ARN}
source_profile = keys
mfa_serial = ${MFA_SERIAL}
role_session_name = careful
`
const ARGS = ['token', '-i', CLUSTER_ID, '--token-only']
const WAIT_MS = 15_000

async function start(t: Test): Promise<{ aws: SandboxAws; person: Environment }> {
  const aws = await startSandboxAws({ identities, roles })
  t.teardown(() => aws.close())
  return { aws, person: personAtHome(t, { '.aws/config': CONFIG }, aws.environment, { AWS_PROFILE: 'mfa' }) }
}

t.test('the code is read from a pipe', async (t) => {
  const { aws, person } = await start(t)
  for (const input of [`${CODE}\n`, CODE, `  ${CODE}\r\n`]) {
    const { code, stdout } = await runToken([], person, input)
    t.equal(code, 0)
    t.equal(await callerOf(aws, stdout), CAREFUL)
  }
  const wrong = await runToken([], person, '000000\n')
  t.match(wrong, {
    code: 1,
    stdout: '',
    stderr: /the MFA code was not accepted: AWS says .*; type the code that .*mfa\/alice shows now/,
  })
})

t.test('a late writer to a pipe sees the prompt first', async (t) => {
  const { aws, person } = await start(t)
  const child = spawnCommand(ARGS, { environment: person })
  let seen = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen += text
    if (seen === PROMPT) child.stdin.end(`${CODE}\n`)
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  await new Promise((resolve) => child.once('close', resolve))
  t.equal(seen, PROMPT)
  t.equal(await callerOf(aws, stdout), CAREFUL)
})

t.test('no input and no terminal is an error at once', async (t) => {
  const { aws, person } = await start(t)
  for (const input of ['', '\n']) {
    const { code, stdout, stderr } = await runToken([], person, input)
    t.same({ code, stdout }, { code: 1, stdout: '' })
    t.match(stderr, /^could not get token: profile "mfa" wants an MFA code, and none was given: with --cache, run this/)
  }
  t.same(asked(aws), [])
})

t.test('a silent pipe does not block forever', async (t) => {
  const { person } = await start(t)
  const started = performance.now()
  const child = spawnCommand(ARGS, { environment: person })
  const written: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => written.push(text))
  const code = await new Promise((resolve) => child.once('close', resolve))
  const took = performance.now() - started
  child.stdin.destroy()
  t.equal(code, 1)
  t.match(written.join(''), /^Assume Role MFA token code: \ncould not get token: .*MFA code, and none was given/)
  t.ok(took > 9_500 && took < 14_000, `${took} ms`)
})

t.test('with a cache the code is asked for once', async (t) => {
  const { aws, person } = await start(t)
  const cold = await runToken(['--cache'], person, CODE)
  t.equal(await callerOf(aws, cold.stdout), CAREFUL)
  const warm = await runToken(['--cache'], person)
  t.equal(await callerOf(aws, tokenOf(t, warm, 'warm')), CAREFUL)
  t.same(asked(aws), ['AssumeRole'])
})

/** A tmux terminal; undefined if this machine has none. */
function openTmux(t: Test, home: string): ((...args: readonly string[]) => string) | undefined {
  const socket = join(home, 'tmux')
  const environment = { PATH: process.env['PATH'] ?? '', HOME: home, TERM: 'xterm', LANG: 'C.UTF-8' }
  const tmux = (...args: readonly string[]): string =>
    spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { env: environment, encoding: 'utf8' }).stdout ?? ''
  if (!tmux('-V').startsWith('tmux')) return undefined
  t.teardown(() => tmux('kill-server'))
  return tmux
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** Runs a shell command line in a terminal, types the code after the prompt, and returns the outcome. */
async function typeCode(
  tmux: (...args: readonly string[]) => string,
  person: Environment,
  line: string,
): Promise<Pick<Finished, 'code' | 'stdout'> & { screen: string }> {
  const home = person['HOME'] ?? ''
  const [out, ended] = [join(home, 'out'), join(home, 'ended')]
  const variables = Object.entries(person).map(([name, value]) => quote(`${name}=${value}`))
  const command = `${line} > ${out}; echo $? > ${ended}.new; mv ${ended}.new ${ended}; sleep 60`
  const inside = `env -i ${variables.join(' ')} sh -c ${quote(command)}`
  tmux('new-session', '-d', '-x', '250', '-y', '50', inside)
  const deadline = performance.now() + WAIT_MS
  const wait = async (done: () => boolean): Promise<void> => {
    while (!done() && performance.now() < deadline) await setTimeout(50)
  }
  await wait(() => tmux('capture-pane', '-p').includes(PROMPT.trim()))
  tmux('send-keys', CODE, 'Enter')
  await wait(() => existsSync(ended))
  const screen = tmux('capture-pane', '-p')
  const code = existsSync(ended) ? Number(readFileSync(ended, 'utf8')) : null
  return { code, stdout: readFileSync(out, 'utf8'), screen }
}

t.test('a person types the code in the terminal', async (t) => {
  const command = [...COMMAND, ...ARGS].map(quote).join(' ')
  const rows: readonly (readonly [what: string, line: string])[] = [
    ['standard input is the terminal', command],
    ['standard input is empty, as kubectl gives it', `${command} < /dev/null`],
    ['standard input is a pipe that is closed', `: | ${command}`],
  ]
  for (const [what, line] of rows) {
    const { aws, person } = await start(t)
    const tmux = openTmux(t, person['HOME'] ?? '')
    if (tmux === undefined) {
      t.comment('there is no tmux on this machine')
      return
    }
    const { code, stdout, screen } = await typeCode(tmux, person, line)
    t.equal(code, 0, what)
    t.match(screen, `${PROMPT}${CODE}`, `${what}: what is typed is shown`)
    t.equal(await callerOf(aws, stdout), CAREFUL, what)
  }
})

t.test('a code from a pipe is accepted although there is a terminal', async (t) => {
  const { aws, person } = await start(t)
  const tmux = openTmux(t, person['HOME'] ?? '')
  if (tmux === undefined) return
  const line = `sleep 0.3; echo ${CODE} | ${[...COMMAND, ...ARGS].map(quote).join(' ')}`
  const { code, stdout } = await typeCode(tmux, person, line)
  t.equal(code, 0)
  t.equal(await callerOf(aws, stdout), CAREFUL)
})

t.test('static keys never prompt', async (t) => {
  const { person } = await start(t)
  const child = spawnCommand(ARGS, { environment: { ...person, AWS_PROFILE: 'keys' } })
  const finished = finish(child, CODE)
  t.match(await finished, { code: 0, stderr: '' })
})
