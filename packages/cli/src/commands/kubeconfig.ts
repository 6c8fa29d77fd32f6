import type { Command } from '../command-line/command.ts'
import { CLUSTER_ID } from '../command-line/global-options.ts'
import { flag, text } from '../command-line/option.ts'
import { UsageError } from '../command-line/usage-error.ts'

const ROLE = text({
  flag: 'role',
  short: 'r',
  placeholder: 'ARN',
  complete: 'roles',
  description: 'The role that kubectl logs in as; without it, the identity of the profile',
})
const PROFILE = text({
  flag: 'profile',
  complete: 'profiles',
  description: 'The AWS profile that the credentials are taken from',
})
const REGION = text({
  flag: 'region',
  complete: 'regions',
  description: 'The AWS region whose STS endpoint the tokens name',
})
const USER = text({ flag: 'user', description: "The name of the kubeconfig's user; by default the cluster ID" })
const CONTEXT = text({
  flag: 'context',
  complete: 'contexts',
  description: 'A context that gets this user. Nothing else in it changes, nor does the current context',
})
const CLUSTER = text({
  flag: 'cluster',
  description: 'A cluster of the kubeconfig, for a context that does not exist yet',
})
const KUBECONFIG = text({
  flag: 'kubeconfig',
  file: true,
  description: 'The file to change; by default the one that kubectl would: of KUBECONFIG, else ~/.kube/config',
})
const DRY_RUN = flag({ flag: 'dry-run', description: 'Print what would be written, and write nothing' })

export const kubeconfig: Command = {
  name: 'kubeconfig',
  summary: 'Write the user that logs in with AWS IAM into a kubeconfig',
  description:
    'Adds a user to a kubeconfig, or brings the one of that name up to date: kubectl then logs in with "token". All else in ' +
    'the file stays byte for byte, comments included.',
  examples: [
    'aws-iam-authenticator kubeconfig -i k8s.local -r arn:aws:iam::123456789012:role/K8s-Admin --profile work',
    'aws-iam-authenticator kubeconfig -i k8s.local --user admin --context k8s.local --dry-run',
  ],
  options: [ROLE, PROFILE, REGION, USER, CONTEXT, CLUSTER, KUBECONFIG, DRY_RUN],
  run: async ({ setting, environment, stdout, stderr }) => {
    const clusterId = setting(CLUSTER_ID)
    if (clusterId === null) throw new UsageError('cluster ID not specified')
    const context = setting(CONTEXT)
    if (context === null && setting(CLUSTER) !== null)
      throw new UsageError('--cluster is for a context: give --context')
    const { updateKubeconfig } = await import('@aws-iam-authenticator/kubernetes/kubeconfig/update-kubeconfig')
    const { kubeconfigFiles } = await import('@aws-iam-authenticator/kubernetes/kubeconfig/file-to-change')
    const dryRun = setting(DRY_RUN)
    const { rendered, changes } = await updateKubeconfig({
      clusterId,
      role: setting(ROLE),
      profile: setting(PROFILE),
      region: setting(REGION),
      files: kubeconfigFiles(setting(KUBECONFIG), environment),
      user: setting(USER) ?? clusterId,
      context,
      cluster: setting(CLUSTER),
      dryRun,
    })
    if (dryRun) stdout.document(rendered)
    for (const { path, changed, entry } of changes) {
      const what = `${entry.list === 'users' ? 'user' : 'context'} "${entry.name}" in ${path}`
      const done = dryRun ? 'would write' : 'wrote'
      stderr.line(changed ? `${done} ${what}` : `${what} is up to date`)
    }
    if (context === null && !dryRun) {
      const user = setting(USER) ?? clusterId
      stderr.line(
        `To use it: kubectl --user=${user} …, or for a context: kubectl config set-context NAME --user=${user}`,
      )
    }
    return 0
  },
}
