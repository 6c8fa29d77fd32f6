import type { Command } from '../command-line/command.ts'
import { text } from '../command-line/option.ts'
import { textOrJson } from '../command-line/text-or-json.ts'
import { askMfaCodeAt } from '../terminal/ask-mfa-code.ts'

const CONTEXT = text({
  flag: 'context',
  complete: 'contexts',
  description: 'The context of the kubeconfig to check; by default the current one',
})
const KUBECONFIG = text({
  flag: 'kubeconfig',
  file: true,
  description: 'The kubeconfig to check; by default the one that kubectl reads',
})
const OUTPUT = textOrJson()

export const doctor: Command = {
  name: 'doctor',
  summary: 'Check why you can or cannot log in to a cluster',
  description:
    'Checks each step of a login with kubectl on this machine, without rights in the cluster: kubeconfig, exec entry, ' +
    'program, AWS profile, credentials, STS, clock, role, API server, and the login itself. Each failure says what to do. ' +
    'Ends with lines for a ticket, which hold no secret. Exit code 0: you can log in; 2: you cannot.',
  examples: ['aws-iam-authenticator doctor', 'aws-iam-authenticator doctor --context prod -o json'],
  options: [CONTEXT, KUBECONFIG, OUTPUT],
  run: async ({ setting, environment, stdout, stderr, now }) => {
    const [{ diagnose }, { renderDiagnosis }, { formatJson, stdoutStyle }, { kubeconfigFiles }] = await Promise.all([
      import('../doctor/diagnose.ts'),
      import('../doctor/render-diagnosis.ts'),
      import('../terminal/style.ts'),
      import('@aws-iam-authenticator/kubernetes/kubeconfig/file-to-change'),
    ])
    const diagnosis = await diagnose({
      kubeconfigFiles: kubeconfigFiles(setting(KUBECONFIG), environment),
      context: setting(CONTEXT),
      environment,
      mfaCodeProvider: askMfaCodeAt(stderr),
      now,
    })
    if (setting(OUTPUT) === 'json') stdout.document(formatJson(diagnosis))
    else stdout.lines(renderDiagnosis(diagnosis, stdoutStyle(environment)))
    return diagnosis.failedAt === undefined ? 0 : 2
  },
}
