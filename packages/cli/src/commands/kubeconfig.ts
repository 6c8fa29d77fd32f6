import type { Command } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { CONTEXT, DRY_RUN, KUBECONFIG_OPTIONS, USE } from '../kubeconfig/options.ts'

export const kubeconfig: Command = {
  name: 'kubeconfig',
  summary: 'Write the user that logs in with AWS IAM into a kubeconfig',
  description:
    'Adds a user to a kubeconfig, or updates the one of that name: kubectl then logs in with "token". Writes its cluster and ' +
    'context too, if asked. Everything else in the file stays byte for byte, comments included. A flag of "token" that is ' +
    'not given stays as the user has it; an empty one, such as --role=, is removed.',
  examples: [
    'aws-iam-authenticator kubeconfig -i k8s.local -r arn:aws:iam::123456789012:role/K8s-Admin --profile work',
    'aws-iam-authenticator kubeconfig -i k8s.local --user admin --context admin --cluster k8s.local --dry-run',
  ],
  options: KUBECONFIG_OPTIONS,
  run: async ({ setting, environment, stdout, stderr }) => {
    const clusterId = setting(CLUSTER_ID)
    if (clusterId === null) throw new UsageError('cluster ID not specified')
    const { planKubeconfig } = await import('../kubeconfig/plan-kubeconfig.ts')
    const { changes, steps, user, hint } = await planKubeconfig(clusterId, { setting, environment })
    const isDryRun = setting(DRY_RUN)
    if (isDryRun) {
      const { renderDiff } = await import('../kubeconfig/render-diff.ts')
      stdout.document(renderDiff(changes))
    } else if (changes.length > 0) {
      const { saveKubeconfig } = await import('@aws-iam-authenticator/kubernetes/kubeconfig/update/save-kubeconfig')
      for (const change of changes) await saveKubeconfig(change)
    }
    for (const { what, path, isChanged } of steps) {
      const done = isDryRun ? 'would write' : 'wrote'
      stderr.line(isChanged ? `${done} ${what} in ${path}` : `${what} in ${path} is up to date`)
    }
    if (hint !== undefined) stderr.line(hint)
    const context = setting(CONTEXT)
    if (!isDryRun && !setting(USE)) {
      const use = context === null ? `--user=${user}` : `--context=${context}`
      stderr.line(`to use it: kubectl ${use} …`)
    }
    return 0
  },
}
