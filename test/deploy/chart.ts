import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { ROOT } from '../docs/documents.ts'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { binariesRunHere, helm } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { parseObjects } from './objects.ts'

export const CHART: string = join(ROOT, 'deploy/helm/aws-iam-authenticator')

/** The reason to skip tests that run helm; false if it runs here. */
export const skip: string | false = binariesRunHere ? false : 'the binaries are for Linux on x86-64'

export const REPOSITORY = '123456789012.dkr.ecr.us-west-2.amazonaws.com/aws-iam-authenticator'
/** The values without which the chart is not rendered. */
export const REQUIRED = { clusterID: 'k8s.local', image: { repository: REPOSITORY } } as const

/** Runs a helm command on the chart, with these values. */
export async function runHelm(
  t: Parameters<typeof temporaryFolder>[0],
  command: readonly string[],
  values: Readonly<Record<string, unknown>>,
  { namespace = 'kube-system', chart = CHART } = {},
): Promise<RunResult> {
  const home = temporaryFolder(t)
  const file = join(home, 'values.json')
  writeFileSync(file, JSON.stringify(values))
  const args = [...command, chart, `--namespace=${namespace}`, `--values=${file}`]
  return runBinary(await helm(), args, { cwd: home, env: { HOME: home } })
}

/** Renders the chart with these values, and returns its objects. */
export async function render(t: Test, values: Readonly<Record<string, unknown>>, chart = CHART): Promise<unknown[]> {
  const { code, stdout, stderr } = await runHelm(t, ['template', 'aws-iam-authenticator'], values, { chart })
  t.equal(code, 0, stderr)
  return parseObjects(stdout).filter((object) => object !== null)
}
