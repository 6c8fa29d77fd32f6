import { setTimeout as wait } from 'node:timers/promises'
import { test } from 'tap'
import { startDeadline } from '../src/deadline.ts'

const late = (): Error => new Error('late')

void test('work in time returns its value, and failed work its error', async (t) => {
  t.equal(await startDeadline(5_000, late).bound(wait(1, 'done')), 'done')
  await t.rejects(startDeadline(5_000, late).bound(Promise.reject(new Error('own'))), /own/)
})

void test('work that never ends times out', async (t) => {
  await t.rejects(startDeadline(20, late).bound(new Promise(() => undefined)), /late/)
})

void test('the clock stops during pauses, also overlapping ones, and continues afterwards', async (t) => {
  const deadline = startDeadline(100, late)
  const { pauseWhile } = deadline
  const paused = async (): Promise<string> => {
    await Promise.all([pauseWhile(() => wait(250)), pauseWhile(() => wait(150))])
    return 'done'
  }
  t.equal(await deadline.bound(paused()), 'done')
  const again = startDeadline(100, late)
  const failing = async (): Promise<void> => {
    await again.pauseWhile(() => Promise.reject(new Error('own'))).catch(() => undefined)
    await new Promise(() => undefined)
  }
  await t.rejects(again.bound(failing()), /late/)
})
