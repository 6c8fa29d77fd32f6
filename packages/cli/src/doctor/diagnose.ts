import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { errorCode } from '@aws-iam-authenticator/core/untrusted'
import type { MfaCodeProvider } from '@aws-iam-authenticator/client/aws/context'
import { readKubeconfig, type Kubeconfig } from '@aws-iam-authenticator/kubernetes/kubeconfig/kubeconfig'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { VERSION } from '../release/version.ts'
import { checkApiServer, checkLogin, shownServer } from './check-cluster.ts'
import { checkAws } from './check-aws.ts'
import { createExamination, type Check } from './check.ts'
import { checkApiVersion, checkProgram } from './check-plugin.ts'
import { readExecEntry } from './exec-entry.ts'
import { makeToken } from './make-token.ts'

interface DiagnoseOptions {
  /** The files that form the kubeconfig. */
  readonly kubeconfigFiles: readonly string[]
  /** Default: the kubeconfig's current-context. */
  readonly context: string | null
  readonly environment: Environment
  readonly mfaCodeProvider: MfaCodeProvider
  readonly now: () => Date
}

/** The checks of a login, in the order in which kubectl depends on them. Holds no secret. */
export interface Diagnosis {
  readonly version: string
  /** Such as `linux x64`. */
  readonly platform: string
  /** ISO 8601, UTC. */
  readonly time: string
  /** One sentence: whether the person can log in, and else the first failure with what to do. */
  readonly verdict: string
  readonly checks: readonly Check[]
  /** The name of the first check that failed; undefined if none did. */
  readonly failedAt: string | undefined
}

function describeKubeconfig(kubeconfig: Kubeconfig): string {
  const { contextName, userName, userPath } = kubeconfig
  return `context "${contextName}" of ${userPath}: ${shownServer(kubeconfig)}, user "${userName}"`
}

async function readContext({ kubeconfigFiles, context }: DiagnoseOptions): Promise<Kubeconfig> {
  try {
    return await readKubeconfig(kubeconfigFiles, { master: null, context })
  } catch (error) {
    if (!(error instanceof FileError) || errorCode(error.cause) !== 'ENOENT') throw error
    throw new FileError(
      'file_unreadable',
      `there is no ${kubeconfigFiles.join(' and no ')}: name a kubeconfig with --kubeconfig, or ask for that of your cluster`,
    )
  }
}

/** Checks, step by step, whether the person at this machine can log in to the cluster of a kubeconfig's context. */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { environment, now } = options
  const examination = createExamination()
  const time = now().toISOString()
  const kubeconfig = await examination.check('kubeconfig', options, async () => {
    const value = await readContext(options)
    return { found: describeKubeconfig(value), value }
  })
  const entry = await examination.check('exec entry', kubeconfig, async (known) => {
    const value = await readExecEntry(known, environment)
    // Arguments may hold an external ID, so they are not shown.
    const type = value.jwt === undefined ? 'presigned' : 'jwt'
    return { found: `${value.plugin.command}, cluster ID "${value.clusterId}", token type ${type}`, value }
  })
  await examination.check('program', entry, checkProgram)
  await examination.check('api version', entry, checkApiVersion)
  const identity = await checkAws(examination, entry, options)
  const answers = await examination.check('api server', kubeconfig, (known) => checkApiServer(known, environment))
  const token = await makeToken(examination, entry, identity, now)
  const ready = answers && kubeconfig && entry && identity && token && { kubeconfig, entry, identity, token }
  await examination.check('login', ready, (all) => checkLogin(all.kubeconfig, all.entry, all.identity, all.token))
  await identity?.context.http.close()
  const { checks } = examination
  const failed = checks.find(({ state }) => state === 'failed')
  return {
    version: VERSION,
    platform: `${process.platform} ${process.arch}`,
    time,
    verdict: failed === undefined ? 'you can log in' : `you can't log in: ${failed.name} failed: ${failed.found}`,
    checks,
    failedAt: failed?.name,
  }
}
