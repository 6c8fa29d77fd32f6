import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './command.ts'

/** A home folder in which a person runs `kubeconfig` for the cluster `k8s.local`. */
export interface KubeconfigHome {
  readonly path: (name: string) => string
  readonly run: (args: readonly string[], environment?: Environment) => Promise<Finished>
}

/** Makes a home folder with the AWS profiles `work` and `mfa`. */
export function kubeconfigHome(t: Parameters<typeof temporaryFolder>[0]): KubeconfigHome {
  const folder = temporaryFolder(t)
  const path = (name: string): string => join(folder, name)
  mkdirSync(path('.aws'))
  const mfa = '[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/A\nsource_profile = base\n'
  const base = '[profile base]\nmfa_serial = arn:aws:iam::123456789012:mfa/alice\n'
  writeFileSync(path('.aws/config'), `[profile work]\nregion = us-west-2\n${mfa}${base}`)
  return {
    path,
    run: (args, environment = {}) =>
      runCommand(['kubeconfig', '-i', 'k8s.local', ...args], {
        environment: { ...minimalEnvironment(folder), ...environment },
        cwd: folder,
      }),
  }
}
