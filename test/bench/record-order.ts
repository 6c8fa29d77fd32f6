// Rewrites scripts/build/bytecode.order: the functions that `token` uses, and those of a server that starts, answers logins and stops.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from '../../scripts/build/bundle.ts'
import { compile, INSTALLED_RUNTIME, ORDER } from '../../scripts/build/compile.ts'
import { minimalEnvironment, temporaryFolder } from '../e2e/harness/command.ts'
import { startProgram } from './children.ts'
import { openLoad } from './open-load.ts'
import { createTokens } from './tokens.ts'
import { startWebhook } from './webhook.ts'

const LOAD = { perSecond: 50, seconds: 3 }

/** A function or a module: used (`F`, `M`), or known and not used (`K`, `N`). Other records are ignored. */
const ROW = /^([FMKN]) ([0-9a-f]{16})$/
const USED: ReadonlySet<string> = new Set(['F', 'M'])

/** Merges the rows of several recordings: a function is used if one of them used it. */
function merge(recordings: readonly string[]): string {
  const [version = ''] = (recordings[0] ?? '').split('\n')
  const rows = recordings.flatMap((recording) => recording.split('\n').filter((row) => ROW.test(row)))
  const used = new Set(rows.filter((row) => USED.has(row.charAt(0))))
  const usedNames = new Set([...used].map((row) => row.slice(2)))
  const unused = new Set(rows.filter((row) => !used.has(row) && !usedNames.has(row.slice(2))))
  return [version, ...used, ...[...unused].sort(), ''].join('\n')
}

const cleanUps: (() => unknown)[] = []
const scope = { teardown: (cleanUp: () => unknown) => void cleanUps.unshift(cleanUp) }
try {
  const folder = temporaryFolder(scope)
  const bundled = join(folder, 'bundle.cjs')
  await bundle(bundled)
  const executable = compile({ bundle: bundled, runtime: INSTALLED_RUNTIME, folder, order: 'records' })
  const [ofToken, ofServer] = [join(folder, 'token.order'), join(folder, 'server.order')]

  const aws = await startProgram(scope, 'upstream', ['0'])
  const keys = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'none', AWS_REGION: 'us-east-1' }
  const { status } = spawnSync(executable, ['token', '-i', 'bench'], {
    env: { ...minimalEnvironment(folder), ...keys, BUN_BYTECODE_ORDER_OUT: ofToken },
  })
  if (status !== 0) throw new Error('token failed')
  const server = await startWebhook(scope, [executable], { ...aws.environment, BUN_BYTECODE_ORDER_OUT: ofServer })
  const tokens = createTokens()
  let count = 0
  await openLoad({ ...server, ...LOAD, nextToken: () => tokens((count += 1)) })
  // It is written when the process exits.
  process.kill(server.pid, 'SIGTERM')
  while (existsSync(`/proc/${server.pid}`)) await new Promise((resolve) => setTimeout(resolve, 50))

  writeFileSync(ORDER, merge([ofToken, ofServer].map((path) => readFileSync(path, 'utf8'))))
} finally {
  for (const cleanUp of cleanUps) await cleanUp()
}
