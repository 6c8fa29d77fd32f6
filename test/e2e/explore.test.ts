import t from 'tap'
import { runDoctor, startFront } from './harness/doctor.ts'
import { startTestServer } from './harness/server.ts'
import { SECRET, tokenFaults } from './harness/token-faults.ts'
import { startAws, USER_CONFIGURATION } from './harness/webhook.ts'
import { temporaryFolder } from './harness/command.ts'

const CONFIGURATION = `${USER_CONFIGURATION}  mapRoles:\n    - rolearn: arn:aws:iam::111122223333:role/Reader\n      username: reader\n`
t.test('x', async (t) => {
  const aws = await startAws(t)
  const server = await startTestServer(t, { aws, configuration: CONFIGURATION })
  const front = await startFront(t, server)
  const show = async (name: string, options: Parameters<typeof runDoctor>[3]) => {
    const started = performance.now()
    const found = await runDoctor(t, front, aws.environment, { ...options, secrets: [SECRET] })
    const bad = [...found.ticket].filter(([, text]) => /^(FAILED|WARNING) /.test(text))
    console.error(`### ${name}: ${found.code} ${Math.round(performance.now() - started)} ms\n  V ${found.verdict.slice(0,200)}\n${bad.map((x) => '  ' + x.join(': ')).join('\n')}`)
  }
  await show('none', {})
  for (const [name, fault] of Object.entries(await tokenFaults(temporaryFolder(t)))) await show(name, fault)
  for (const fault of ['throttle', 'reset', 'rubbish', 'error500', 'redirect', 'wrongShape', 'huge', 'hang', 'resetOnce'] as const) {
    aws.faults.set(fault)
    await show(fault, {args: ['-r', 'arn:aws:iam::111122223333:role/team/Reader']})
    await show(fault, {})
    aws.faults.clear()
  }
})
