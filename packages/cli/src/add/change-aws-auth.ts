import { isatty } from 'node:tty'
import type { Data, Edited } from '@aws-iam-authenticator/core/edit/aws-auth-lists'
import { formatProblem, type Problem } from '@aws-iam-authenticator/core/errors/problem'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import { namedKubeconfigFiles } from '@aws-iam-authenticator/kubernetes/kubeconfig/file-to-change'
import type { CommandContext } from '../command-line/command.ts'
import { connectToCluster } from '../cluster/connect.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { confirm } from './confirm.ts'
import { DRY_RUN, KUBECONFIG, KUBECONFIG_CONTEXT, MASTER_URL, PROMPT } from '../command-line/add-options.ts'
import { readAwsAuth, updateAwsAuth } from './update-aws-auth.ts'

/** A change of aws-auth, with texts for the user. */
interface Change {
  readonly edit: (data: Data) => Edited
  /** The command, in the question and after a `no`: such as `add rolearn …`. */
  readonly shown: string
  /** The word between it and the name of the ConfigMap in the question. */
  readonly preposition: 'to' | 'from' | 'in'
  /** Lines for the user once aws-auth was read, before the question. The question is asked before that if this is undefined. */
  readonly announce?: (data: Data) => readonly string[]
}

/**
 * Reads the kubeconfig files that the flags or the environment name. There is no default, because a cluster to change must be named.
 *
 * @throws {UsageError} None is named.
 */
export function requireKubeconfig({ setting, environment }: CommandContext): readonly string[] {
  const paths = namedKubeconfigFiles(setting(KUBECONFIG), environment)
  if (paths.length === 0) throw new UsageError('empty kubeconfig: name one with --kubeconfig or in KUBECONFIG')
  return paths
}

function warn({ stderr }: CommandContext, problems: readonly Problem[]): void {
  stderr.lines(problems.map((problem) => `warning: ${formatProblem(problem)}`))
}

/**
 * Asks whether to go on. Does not ask with `--prompt=false` and `--dry-run`.
 *
 * @returns The exit code if the person does not agree; undefined to go on.
 */
async function askConsent(
  context: CommandContext,
  { shown, preposition }: Change,
  server: string,
): Promise<number | undefined> {
  const { setting, stdout, stderr } = context
  if (!setting(PROMPT) || setting(DRY_RUN)) return undefined
  const question = `Ready to ${shown} ${preposition} kube-system/aws-auth of ${server}, should we continue?`
  const isAgreed = await confirm(question, { stdin: process.stdin, stderr })
  if (isAgreed === true) return undefined
  if (isAgreed === undefined) {
    stderr.line('error reading input: EOF')
    return 1
  }
  stdout.line(`cancelled "${shown}"`)
  return 0
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Prints what a change would do. */
async function showDifference(context: CommandContext, before: Data, { data, problems }: Edited): Promise<void> {
  const { stdout, environment } = context
  const { renderDiff } = await import('../terminal/diff.ts')
  const { stdoutStyle } = await import('../terminal/style.ts')
  const style = stdoutStyle(environment)
  warn(context, problems)
  for (const [key, after] of Object.entries(data)) {
    stdout.lines(renderDiff(`kube-system/aws-auth ${key}`, text(before[key]), text(after), style))
  }
}

async function changeWith(
  context: CommandContext,
  { api, server }: { readonly api: KubernetesApi; readonly server: string },
  change: Change,
): Promise<number> {
  const { edit, announce } = change
  const { setting, stdout, stderr } = context
  const isDryRun = setting(DRY_RUN)
  if (announce !== undefined || isDryRun) {
    const { data } = await readAwsAuth(api, server)
    stderr.lines(announce?.(data) ?? [])
    if (isDryRun) {
      await showDifference(context, data, edit(data))
      return 0
    }
  }
  const declined = announce === undefined ? undefined : await askConsent(context, change, server)
  if (declined !== undefined) return declined
  const { formatObject } = await import('@aws-iam-authenticator/kubernetes/api/format-object')
  const { object, problems } = await updateAwsAuth(api, server, edit)
  warn(context, problems)
  stdout.document(`updated configmap:\n\n${formatObject(object)}\n`)
  return 0
}

/**
 * Changes the ConfigMap aws-auth of the cluster that the flags select, or prints what would change.
 *
 * @returns The exit code.
 */
export async function changeAwsAuth(
  context: CommandContext,
  paths: readonly string[],
  change: Change,
): Promise<number> {
  const { setting, environment } = context
  const { fromPersonalKubeconfig } =
    await import('@aws-iam-authenticator/kubernetes/kubeconfig/exec-credential-process')
  const choice = { master: setting(MASTER_URL), context: setting(KUBECONFIG_CONTEXT) }
  const hasTerminal = isatty(0)
  const { server, logIn } = await fromPersonalKubeconfig(paths, choice, { environment, hasTerminal })
  const declined = change.announce === undefined ? await askConsent(context, change, server) : undefined
  if (declined !== undefined) return declined
  const api = await connectToCluster(await logIn(), environment)
  try {
    return await changeWith(context, { api, server }, change)
  } finally {
    await api.close()
  }
}
