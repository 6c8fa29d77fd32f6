import type { Command } from '../command-line/command.ts'
import { ARN, OUTPUT, REASON, SESSION_NAME, TOKEN, USER_ID } from '../command-line/explain-options.ts'
import { CLUSTER_OPTIONS } from '../command-line/cluster-options.ts'
import { BACKEND_MODE, PARTITION } from '../command-line/server-options.ts'

/** Exit codes, for scripts. */
const EXIT_CODES = { mapped: 0, refused: 2, undecided: 1 } as const

export const explain: Command = {
  name: 'explain',
  summary: 'Explain why a token or an ARN is accepted or refused',
  positionals: '[FILE...]',
  takesFiles: true,
  description:
    'Follows a login through every step of the server: each check of the token, STS, each backend in order, the matching ' +
    'entry and the Kubernetes user. If the login is refused, it says what to change. Mappings come from the ' +
    'configuration file (-c), from files (manifests of aws-auth or IAMIdentityMappings, a dynamic file) and from a live ' +
    'cluster (--cluster). Exit code 0: mapped; 2: refused; 1: not decided, or something else went wrong.',
  examples: [
    'aws-iam-authenticator explain --arn arn:aws:iam::123456789012:role/Admin -c config.yaml aws-auth.yaml',
    'aws-iam-authenticator explain --reason not_mapped',
    'aws-iam-authenticator token -i my-cluster | aws-iam-authenticator explain -i my-cluster -t - --cluster',
  ],
  options: [TOKEN, ARN, REASON, USER_ID, SESSION_NAME, OUTPUT, BACKEND_MODE, PARTITION, ...CLUSTER_OPTIONS],
  run: async (context) => {
    const { setting, environment, stdout } = context
    if (setting(REASON) !== '') {
      const { explainReason } = await import('../explain/explain-reason.ts')
      explainReason(context)
      return EXIT_CODES.mapped
    }
    const { explain: explainLogin } = await import('../explain/explain.ts')
    const { outcomeOf, renderExplanation, renderJson } = await import('../explain/render.ts')
    const { stdoutStyle } = await import('../terminal/style.ts')
    const explanation = await explainLogin(context)
    if (setting(OUTPUT) === 'json') stdout.document(renderJson(explanation))
    else stdout.lines(renderExplanation(explanation, stdoutStyle(environment)))
    return EXIT_CODES[outcomeOf(explanation)]
  },
}
