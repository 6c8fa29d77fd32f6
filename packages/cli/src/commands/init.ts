import { join } from 'node:path'
import type { Command } from '../command-line/command.ts'
import { FEATURE_GATES } from '../command-line/global-options.ts'
import { flag } from '../command-line/option.ts'
import { ADDRESS, GENERATE_KUBECONFIG, HOSTNAME, KEY_TYPE, PORT, STATE_DIR } from '../command-line/server-options.ts'
import { writeBanner } from '../server/banner.ts'
import { requireServerConfiguration } from '../server/server-configuration.ts'

const FORCE = flag({
  flag: 'force',
  description: 'Renew: replace the existing pair, which stays beside the new one as *.old',
})

export const init: Command = {
  name: 'init',
  summary: 'Make certificate, key and webhook kubeconfig for the server',
  description:
    'Makes cert.pem, key.pem and aws-iam-authenticator.kubeconfig in the working directory, for a node whose API server is ' +
    'not running yet. With --feature-gates=ConfiguredInitDirectories=true they go to server.stateDir and ' +
    'server.generateKubeconfig. A pair that is there is kept, unless --force renews it: the webhook kubeconfig then trusts the ' +
    'certificate before as well, for an API server to be restarted before the server shows the new one.',
  examples: ['aws-iam-authenticator init --cluster-id=my-cluster'],
  options: [HOSTNAME, ADDRESS, KEY_TYPE, FORCE],
  reportsConfiguration: true,
  run: async (context) => {
    const { setting, log, now } = context
    writeBanner(context)
    requireServerConfiguration(context)
    const configured = setting(FEATURE_GATES).ConfiguredInitDirectories
    const folder = configured ? setting(STATE_DIR) : '.'
    const { initialize } = await import('@aws-iam-authenticator/init/initialize')
    const made = await initialize({
      hostname: setting(HOSTNAME),
      address: setting(ADDRESS),
      port: setting(PORT),
      certificatePath: join(folder, 'cert.pem'),
      keyPath: join(folder, 'key.pem'),
      kubeconfigPath: configured ? setting(GENERATE_KUBECONFIG) : 'aws-iam-authenticator.kubeconfig',
      keyType: setting(KEY_TYPE),
      renew: setting(FORCE),
      now: now(),
    })
    log.info(made.created ? 'made a certificate and its key' : 'kept the certificate and key that were there', {
      certificate: made.certificatePath,
      key: made.keyPath,
      notafter: made.notAfter.toISOString(),
    })
    if (made.renewed) {
      log.warn(
        'restart the API server with the new kubeconfig: it trusts the certificate before and the new one. Until then it ' +
          'refuses a server that shows the new one',
        { kubeconfig: made.kubeconfigPath, before: `${made.certificatePath}.old` },
      )
    }
    log.info('the webhook kubeconfig is for the API server: --authentication-token-webhook-config-file', {
      kubeconfig: made.kubeconfigPath,
    })
    return 0
  },
}
