import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { valueAt } from '../e2e/harness/logins.ts'
import { MANIFESTS, startControlPlane, type ControlPlane } from './harness/control-plane.ts'
import { startPerson, type Person } from './harness/govcloud.ts'
import { startPod } from './harness/pod.ts'
import { noThrowAwayRoot } from './harness/throw-away-root.ts'

const PEOPLE = 20
const KILLS = 3
/** The number of answers between two kills. */
const ANSWERS = PEOPLE

if (noThrowAwayRoot !== false) t.plan(0, noThrowAwayRoot)
else await story(await startControlPlane(t, { overlay: 'govcloud', roles: ['K8s-Admin', 'Intern'] }))

interface Answers {
  right: number
  /** kube-apiserver could not authenticate the person. */
  failed: number
  wrong: string[]
}

async function story({ api, aws, node, pod }: ControlPlane): Promise<void> {
  const example = readFileSync(join(MANIFESTS, 'examples/aws-auth.yaml'), 'utf8')
  await api.admin(['apply', '-f', '-'], example.replaceAll('arn:aws:', 'arn:aws-us-gov:'))

  await t.test(`while the server is killed, ${PEOPLE} people get correct answers or none`, async (t) => {
    const answers: Answers = { right: 0, failed: 0, wrong: [] }
    let waiting = { count: 0, reached: (): void => undefined }
    const more = (count: number): Promise<void> =>
      new Promise((resolve) => {
        waiting = { count, reached: resolve }
      })
    const note = (mapped: boolean, expected: string, code: number | null, stdout: string, stderr: string): void => {
      const user = code === 0 ? valueAt(JSON.parse(stdout), 'status', 'userInfo', 'username') : undefined
      const refused = code === 1 && /Unauthorized|logged in/.test(stderr)
      if (mapped && user === expected) answers.right += 1
      else if (refused && mapped) answers.failed += 1
      else if (refused) answers.right += 1
      else answers.wrong.push(`${expected}: ${code} ${stdout} ${stderr}`)
      waiting.count -= 1
      if (waiting.count <= 0) waiting.reached()
    }
    const over = new AbortController()
    const loop = async (person: Person, mapped: boolean, expected: string): Promise<void> => {
      while (!over.signal.aborted) {
        const { code, stdout, stderr } = await person.kubectl('auth', 'whoami', '-o', 'json')
        note(mapped, expected, code, stdout, stderr)
      }
    }
    // Every second one has no entry and must never log in, while the server runs or not.
    const people = Array.from({ length: PEOPLE }, (_, index) => ({
      mapped: index % 2 === 0,
      session: `person-${index}`,
    }))
    const loops = people.map(async ({ mapped, session }) => {
      const role = mapped ? 'K8s-Admin' : 'Intern'
      await loop(await startPerson(t, { aws, api, role, session }), mapped, `iam-admin-${session}`)
    })

    let current = pod
    await more(ANSWERS)
    t.same([answers.failed, answers.wrong], [0, []], `before: ${answers.right} answers, all of them right`)
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = answers.failed
      const started = performance.now()
      t.equal((await current.stop('SIGKILL')).signal, 'SIGKILL')
      await more(ANSWERS / 2)
      current = await startPod(t, { api, node, aws })
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      // The requests during its absence.
      await more(PEOPLE)
      t.comment(`kill ${kill}: gone for ${seconds} s, ${answers.failed - before} logins of mapped people failed`)
      const [failed, right] = [answers.failed, answers.right]
      await more(ANSWERS)
      t.equal(answers.failed, failed, `kill ${kill}: none fails once it is back`)
      t.ok(answers.right > right)
    }
    over.abort()
    await Promise.all(loops)
    t.same(answers.wrong, [], 'no wrong answer')
    t.ok(answers.failed > 0, 'some had to fail, since the server was away')
    t.comment(`${answers.right} right answers, ${answers.failed} failed logins, ${answers.wrong.length} wrong answers`)
    t.equal((await current.stop()).code, 0)
  })
}
