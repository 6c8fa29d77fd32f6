import type { Command } from '../command-line/command.ts'
import { CLUSTER_OPTIONS } from '../command-line/cluster-options.ts'
import { FEATURE_GATES } from '../command-line/global-options.ts'
import { flag } from '../command-line/option.ts'
import { textOrJson } from '../command-line/text-or-json.ts'
import { DYNAMIC_FILE_USER_ID_STRICT } from '../command-line/server-options.ts'
import { UsageError } from '../command-line/usage-error.ts'

const STRICT = flag({ flag: 'strict', description: 'Exit with 1 on warnings too' })
const OUTPUT = textOrJson()

export const lint: Command = {
  name: 'lint',
  summary: 'Check configuration files and mappings before the server reads them',
  positionals: '[FILE...|FOLDER...|-]',
  takesFiles: true,
  description:
    'Checks configuration files (YAML, JSON, TOML), manifests with the ConfigMap aws-auth or IAMIdentityMappings, dynamic ' +
    'files, all such files of a folder, and with --cluster what a live cluster has. Each finding says the line, the column and what to write instead. ' +
    'The content of a file decides what it is checked as. Feature gates come from --feature-gates or from the file of --config. ' +
    'Exit code 0: no errors; 1: errors.',
  examples: [
    'aws-iam-authenticator lint config.yaml aws-auth.yaml',
    'kubectl -n kube-system get configmap aws-auth -o yaml | aws-iam-authenticator lint -',
    'aws-iam-authenticator lint --cluster --kubeconfig ~/.kube/config -o json',
  ],
  options: [STRICT, OUTPUT, ...CLUSTER_OPTIONS],
  run: async (context) => {
    const { setting, positionals, environment, stdout } = context
    const [{ asksForCluster, readCluster }, { lintFiles }, { lintCluster }, report, { stdoutStyle }] =
      await Promise.all([
        import('../cluster/read-cluster.ts'),
        import('../lint/lint-files.ts'),
        import('../lint/lint-cluster.ts'),
        import('../lint/report.ts'),
        import('../terminal/style.ts'),
      ])
    const isCluster = asksForCluster(context)
    if (positionals.length === 0 && !isCluster) {
      throw new UsageError(
        'nothing to check: name files or folders, - for standard input, or a live cluster with --cluster',
      )
    }
    const gates = setting(FEATURE_GATES)
    const { SSORoleMatch: sso, RolePathMatch: rolePaths } = gates
    const rules = { sso, rolePaths, userIdStrict: setting(DYNAMIC_FILE_USER_ID_STRICT) }
    const files = lintFiles(positionals, gates, rules)
    const cluster = isCluster ? lintCluster(await readCluster(context), rules) : []
    const found = report.reportOf([...files, ...cluster])
    if (setting(OUTPUT) === 'json') stdout.document(report.renderJson(found))
    else stdout.lines(report.renderReport(found, stdoutStyle(environment)))
    return found.errors > 0 || (setting(STRICT) && found.warnings > 0) ? 1 : 0
  },
}
