import type { Command, CommandContext } from '../command-line/command.ts'
import { CLUSTER_OPTIONS } from '../command-line/cluster-options.ts'
import { FEATURE_GATES } from '../command-line/global-options.ts'
import { choice, flag } from '../command-line/option.ts'
import { DYNAMIC_FILE_USER_ID_STRICT } from '../command-line/server-options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { Report } from '../lint/report.ts'

const STRICT = flag({ flag: 'strict', description: 'Exit with 1 on warnings too' })
type Output = 'text' | 'json' | 'sarif' | 'github'

const OUTPUT = choice<Output>(
  {
    flag: 'output',
    short: 'o',
    choices: ['text', 'json', 'sarif', 'github'],
    aliases: new Map([['', 'text']]),
    description: 'Output format; sarif is SARIF 2.1.0, github are annotations of a workflow',
  },
  'text',
)

/** Prints a report. */
async function print(report: Report, output: Output, { environment, stdout }: CommandContext): Promise<void> {
  const [{ renderJson, renderReport, renderSummary }, { renderAnnotations, renderSarif }, { stdoutStyle }] =
    await Promise.all([import('../lint/report.ts'), import('../lint/render-for-ci.ts'), import('../terminal/style.ts')])
  const style = stdoutStyle(environment)
  if (output === 'json') stdout.document(renderJson(report))
  else if (output === 'sarif') stdout.document(renderSarif(report))
  else if (output === 'github') stdout.lines([...renderAnnotations(report), [renderSummary(report, style)]])
  else stdout.lines(renderReport(report, style))
}

export const lint: Command = {
  name: 'lint',
  summary: 'Check configuration files and mappings for mistakes',
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
    'aws-iam-authenticator lint -o sarif cluster/*.yaml > lint.sarif',
  ],
  options: [STRICT, OUTPUT, ...CLUSTER_OPTIONS],
  run: async (context) => {
    const { setting, positionals } = context
    const [{ asksForCluster, readCluster }, { lintFiles }, { lintCluster }, { reportOf }] = await Promise.all([
      import('../cluster/read-cluster.ts'),
      import('../lint/lint-files.ts'),
      import('../lint/lint-cluster.ts'),
      import('../lint/report.ts'),
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
    const found = reportOf([...files, ...cluster])
    await print(found, setting(OUTPUT), context)
    return found.errors > 0 || (setting(STRICT) && found.warnings > 0) ? 1 : 0
  },
}
