import { isatty } from 'node:tty'
import { checkNewMapping, type NewMapping } from '@aws-iam-authenticator/core/edit/add-mapping'
import { formatProblem } from '@aws-iam-authenticator/core/errors/problem'
import type { CommandContext } from '../command-line/command.ts'
import { namedKubeconfigFiles } from '@aws-iam-authenticator/kubernetes/kubeconfig/file-to-change'
import { connectToCluster } from '../cluster/connect.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { confirm } from './confirm.ts'
import { KUBECONFIG, KUBECONFIG_CONTEXT, MASTER_URL, PROMPT } from '../command-line/add-options.ts'
import { updateAwsAuth } from './update-aws-auth.ts'

/** @throws {UsageError} The server would reject the entry; the error names the flag. */
function requireGood(mapping: NewMapping): void {
  const checked = checkNewMapping(mapping)
  if ('key' in checked) return
  const messages = checked.map(({ path, message }) => {
    // A path such as mapRoles[0].sso.accountID, whose value comes from --sso.
    const [, , name, ...below] = path.split(/[.[\]]+/)
    const where = below.filter((key) => /^[a-z]/i.test(key)).map((key) => `${key}: `)
    return name === undefined ? message : `invalid argument for --${name}: ${where.join('')}${message}`
  })
  throw new UsageError(messages.join('; '))
}

/** A new entry, with texts for the user. */
interface Addition {
  readonly mapping: NewMapping
  /** The entry as the prompt shows it. */
  readonly shown: string
  readonly notes: readonly string[]
}

/**
 * Adds an entry to the ConfigMap aws-auth of the cluster that the flags select.
 *
 * @returns The exit code.
 * @throws {UsageError} No kubeconfig is named, or the entry is not valid.
 */
export async function add(context: CommandContext, { mapping, shown, notes }: Addition): Promise<number> {
  const { setting, environment, stdout, stderr } = context
  // No default of ~/.kube/config: a cluster to change must be named.
  const paths = namedKubeconfigFiles(setting(KUBECONFIG), environment)
  if (paths.length === 0) throw new UsageError('empty kubeconfig: name one with --kubeconfig or in KUBECONFIG')
  requireGood(mapping)
  stderr.lines(notes)
  const { formatObject } = await import('@aws-iam-authenticator/kubernetes/api/format-object')
  const { fromPersonalKubeconfig } =
    await import('@aws-iam-authenticator/kubernetes/kubeconfig/exec-credential-process')
  const choice = { master: setting(MASTER_URL), context: setting(KUBECONFIG_CONTEXT) }
  const hasTerminal = isatty(0)
  const { server, logIn } = await fromPersonalKubeconfig(paths, choice, { environment, hasTerminal })
  if (setting(PROMPT)) {
    const question = `Ready to add ${shown} to kube-system/aws-auth of ${server}, should we continue?`
    const isConfirmed = await confirm(question, { stdin: process.stdin, stderr })
    if (isConfirmed === undefined) {
      stderr.line('error reading input: EOF')
      return 1
    }
    if (!isConfirmed) {
      stdout.line(`cancelled "add ${shown}"`)
      return 0
    }
  }
  const api = await connectToCluster(await logIn(), environment)
  try {
    const { object, problems } = await updateAwsAuth(api, server, mapping)
    stderr.lines(problems.map((problem) => `warning: ${formatProblem(problem)}`))
    stdout.document(`updated configmap:\n\n${formatObject(object)}\n`)
    return 0
  } finally {
    await api.close()
  }
}
