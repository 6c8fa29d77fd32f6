import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../docs/documents.ts'
import { temporaryFolder } from '../e2e/harness/command.ts'
import { helm } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'

export const CHART: string = join(ROOT, 'deploy/helm/aws-iam-authenticator')

/** Runs a helm command on the chart, with these values. */
export async function runHelm(
  t: Parameters<typeof temporaryFolder>[0],
  command: readonly string[],
  values: Readonly<Record<string, unknown>>,
  namespace = 'kube-system',
): Promise<RunResult> {
  const home = temporaryFolder(t)
  const file = join(home, 'values.json')
  writeFileSync(file, JSON.stringify(values))
  const args = [...command, CHART, `--namespace=${namespace}`, `--values=${file}`]
  return runBinary(await helm(), args, { cwd: home, env: { HOME: home } })
}
