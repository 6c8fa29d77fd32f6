import type { CommandGroup } from '../command-line/command.ts'
import { GLOBAL_OPTIONS } from '../command-line/global-options.ts'
import { add } from './add.ts'
import { authenticationConfig } from './authentication-config.ts'
import { cache } from './cache.ts'
import { completion } from './completion.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { init } from './init.ts'
import { kubeconfig } from './kubeconfig.ts'
import { lint } from './lint.ts'
import { list } from './list.ts'
import { remove } from './remove.ts'
import { server } from './server.ts'
import { status } from './status.ts'
import { token } from './token.ts'
import { verify } from './verify.ts'
import { version } from './version.ts'

/** The whole command. */
export const root: CommandGroup = {
  name: 'aws-iam-authenticator',
  summary: '',
  description: 'A tool to authenticate to Kubernetes using AWS IAM credentials',
  options: GLOBAL_OPTIONS,
  commands: [
    add,
    authenticationConfig,
    cache,
    completion,
    doctor,
    explain,
    init,
    kubeconfig,
    lint,
    list,
    remove,
    server,
    status,
    token,
    verify,
    version,
  ],
}
