import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { eventually } from '../e2e/harness/eventually.ts'
import { MANIFESTS, startControlPlane, type ControlPlane } from './harness/control-plane.ts'
import { roleToken } from './harness/govcloud.ts'
import { noThrowAwayRoot } from './harness/throw-away-root.ts'
import { between, webhookCalls } from './harness/webhook-calls.ts'

const TRIES = 5

if (noThrowAwayRoot !== false) t.plan(0, noThrowAwayRoot)
else await story(await startControlPlane(t, { overlay: 'govcloud', roles: ['K8s-Admin'] }))

async function story({ api, aws, node, pod }: ControlPlane): Promise<void> {
  /** The requests to the webhook during an action. */
  const asked = async (action: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> => {
    const before = await webhookCalls(node)
    await action()
    return between(before, await webhookCalls(node))
  }
  const again = async (token: string): Promise<readonly string[]> => {
    const users: string[] = []
    for (let index = 0; index < TRIES; index += 1) users.push(await api.whoIs(token))
    return [...new Set(users)]
  }

  await api.admin(
    ['apply', '-f', '-'],
    readFileSync(join(MANIFESTS, 'examples/aws-auth.yaml'), 'utf8').replaceAll('arn:aws:', 'arn:aws-us-gov:'),
  )
  await eventually(t, 'aws-auth', 'iam-admin-alice', 1000, () => api.whoIs(roleToken(aws, 'K8s-Admin')))

  for (const version of ['v1beta1', 'v1'] as const) {
    await t.test(`TokenReview ${version}`, async (t) => {
      if (version === 'v1') await api.restart({ version })
      const [, flag] = api.log().split('FLAG: --authentication-token-webhook-version=').slice(-2)
      t.ok(flag?.startsWith(`"${version}"`), 'so kube-apiserver says')

      await t.test('a login is verified once', async (t) => {
        const token = roleToken(aws, 'K8s-Admin', 'bob')
        const calls = await asked(async () => t.same(await again(token), ['iam-admin-bob']))
        t.same(calls, { success: 1 })
      })

      await t.test('a refusal is verified once: kube-apiserver remembers it', async (t) => {
        const stranger = roleToken(aws, 'Stranger')
        t.same(await asked(async () => t.same(await again(stranger), ['status 401'])), { uknown_user: 1 })
        const calls = await asked(async () => t.same(await again('k8s-aws-v1.bm90aGluZw'), ['status 401']))
        t.equal(
          Object.values(calls).reduce((sum, count) => sum + count, 0),
          1,
          JSON.stringify(calls),
        )
      })

      await t.test('a foreign token is sent to the webhook and left to other authenticators', async (t) => {
        const calls = await asked(async () => t.same(await again(`nothing-of-ours-${version}`), ['status 401']))
        t.equal(
          Object.values(calls).reduce((sum, count) => sum + count, 0),
          1,
          JSON.stringify(calls),
        )
      })

      await t.test('while STS throttles, kube-apiserver retries until it has an answer', async (t) => {
        const token = roleToken(aws, 'K8s-Admin', 'carol')
        const throttled = pod.output().split('throttled').length
        aws.faults.set('throttle')
        t.teardown(() => aws.faults.clear())
        const calls = await asked(async () => {
          const login = api.whoIs(token)
          await pod.until((output) => output.split('throttled').length > throttled)
          aws.faults.clear()
          t.equal(await login, 'iam-admin-carol', 'one request of the client')
        })
        t.equal(calls['success'], 1)
        t.ok((calls['sts_throttling'] ?? 0) >= 1, JSON.stringify(calls))
        t.same(Object.keys(calls).toSorted(), ['sts_throttling', 'success'])
      })

      await t.test('an STS outage is not a verdict: the same token logs in afterwards', async (t) => {
        const token = roleToken(aws, 'K8s-Admin', 'dave')
        aws.faults.set('error500')
        t.teardown(() => aws.faults.clear())
        t.equal(await api.whoIs(token), 'status 401')
        aws.faults.clear()
        t.equal(await api.whoIs(token), 'iam-admin-dave')
      })
    })
  }

  await t.test('the server stops cleanly', async (t) => {
    t.equal((await pod.stop()).code, 0)
  })
}
