import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import type { Command } from '../command-line/command.ts'
import { ADDRESS, PORT, STATE_DIR } from '../command-line/server-options.ts'
import { textOrJson } from '../command-line/text-or-json.ts'

const OUTPUT = textOrJson()

export const status: Command = {
  name: 'status',
  summary: 'Show whether the server on this node is healthy, and why not',
  description:
    'Asks the server on this node, over its loopback. The first line is the verdict. Certificate, backends with their mapping ' +
    'errors, STS, failed TLS handshakes and refused logins follow. Exit code 0 if the server is healthy, 2 if it is not, ' +
    '1 without an answer.',
  examples: ['aws-iam-authenticator status --config=/etc/aws-iam-authenticator/config.yaml'],
  options: [OUTPUT, ADDRESS, PORT, STATE_DIR],
  run: async ({ setting, environment, stdout, stderr, now }) => {
    const [{ askStatus }, { renderStatus }, { formatJson, stdoutStyle }] = await Promise.all([
      import('../status/ask-status.ts'),
      import('../status/render-status.ts'),
      import('../terminal/style.ts'),
    ])
    try {
      const found = await askStatus({ address: setting(ADDRESS), port: setting(PORT), stateDir: setting(STATE_DIR) })
      if (setting(OUTPUT) === 'json') stdout.document(formatJson(found))
      else stdout.lines(renderStatus(found, stdoutStyle(environment), now()))
      return found['isHealthy'] === true ? 0 : 2
    } catch (error) {
      if (!(error instanceof AuthenticatorError)) throw error
      stderr.line(`no status: ${error.message}`)
      return 1
    }
  },
}
