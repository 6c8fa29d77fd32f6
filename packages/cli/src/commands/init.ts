import { join } from 'node:path'
import type { Command } from '../command.ts'
import { FEATURE_GATES } from '../options/global-options.ts'
import { ADDRESS, GENERATE_KUBECONFIG, HOSTNAME, PORT, STATE_DIR } from '../options/server-options.ts'
import { requireServerConfiguration } from '../server-configuration.ts'
import { BANNER } from '../version.ts'

export const init: Command = {
  name: 'init',
  summary: 'Pre-generate certificate, private key, and kubeconfig files for the server.',
  description:
    'Makes cert.pem, key.pem and aws-iam-authenticator.kubeconfig in the working directory, for a node whose API server is ' +
    'not running yet. With --feature-gates=ConfiguredInitDirectories=true they go to server.stateDir and ' +
    'server.generateKubeconfig. A pair that is there is kept.',
  examples: ['aws-iam-authenticator init --cluster-id=my-cluster'],
  options: [HOSTNAME, ADDRESS],
  run: async (context) => {
    const { setting, stderr, log, now } = context
    stderr(BANNER)
    requireServerConfiguration(context)
    const configured = setting(FEATURE_GATES).ConfiguredInitDirectories
    const folder = configured ? setting(STATE_DIR) : '.'
    const { initialize } = await import('@aws-iam-authenticator/init')
    const made = await initialize({
      hostname: setting(HOSTNAME),
      address: setting(ADDRESS),
      port: setting(PORT),
      certificatePath: join(folder, 'cert.pem'),
      keyPath: join(folder, 'key.pem'),
      kubeconfigPath: configured ? setting(GENERATE_KUBECONFIG) : 'aws-iam-authenticator.kubeconfig',
      now: now(),
    })
    log.info(made.created ? 'made a certificate and its key' : 'kept the certificate and key that were there', {
      certificate: made.certificatePath,
      key: made.keyPath,
      notafter: made.notAfter.toISOString(),
    })
    log.info('the webhook kubeconfig is for the API server: --authentication-token-webhook-config-file', {
      kubeconfig: made.kubeconfigPath,
    })
    return 0
  },
}
