import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMAND, temporaryFolder, type Environment } from '../e2e/harness/command.ts'
import { selfSignedPair } from '@aws-iam-authenticator/sandbox/kubernetes/certificates'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { ROOT } from './documents.ts'

// Stubs for programs that are not installed or would change this machine. They record their arguments and print what the next
// command needs.
const STUBS: Readonly<Record<string, string>> = {
  aws: 'echo 123456789012',
  clusterctl: '',
  docker: 'cat >/dev/null',
  helm: '',
  kops: '',
  kubectl: "echo 'access denied'",
  npx: '',
  // Only the flags of our own command are parsed.
  talosctl: '',
  sudo: 'if [ "$1" = aws-iam-authenticator ]; then "$@" --help >/dev/null; fi',
}

/** A shell for the examples of the documents, with the built command and stubs for other programs. */
export interface ExampleShell {
  readonly folder: string
  /** Runs a block and stops at the first line that fails. */
  run(script: string): Promise<RunResult>
  /** Returns the calls of the stubs so far, such as `kops update cluster …`. */
  calls(): string[]
}

/** Writes what the examples take for granted: the kubeconfig of kops, and the certificate authority of a cluster. */
function writePersonFiles(folder: string): void {
  const { cert } = selfSignedPair('kubernetes-ca')
  writeFileSync(join(folder, 'ca.crt'), cert)
  // The guide for Cluster API shows it.
  writeFileSync(join(folder, 'cluster.yaml'), '')
  const [cluster, user] = [{ server: 'https://api.k8s.local' }, { 'client-certificate-data': '', token: 'of-kops' }]
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'k8s.local', cluster }],
    users: [{ name: 'k8s.local', user }],
    contexts: [{ name: 'k8s.local', context: { cluster: 'k8s.local', user: 'k8s.local' } }],
    'current-context': 'k8s.local',
  }
  mkdirSync(join(folder, '.kube'))
  writeFileSync(join(folder, '.kube', 'config'), JSON.stringify(kubeconfig))
}

export function prepareShell(t: Parameters<typeof temporaryFolder>[0], environment: Environment): ExampleShell {
  const folder = temporaryFolder(t)
  const stubs = join(folder, 'stubs')
  const calls = join(folder, 'calls')
  mkdirSync(stubs)
  writeFileSync(calls, '')
  const command = COMMAND.map((part) => `'${part}'`).join(' ')
  // These commands need a cluster or a server, or run forever: only their flags are parsed.
  const authenticator = `case "$*" in server* | status* | doctor* | add* | *' --kubeconfig '*) set -- "$@" --help ;; esac\nexec ${command} "$@"`
  const noted = Object.entries(STUBS).map(([name, body]): [string, string] => [
    name,
    `echo "${name} $*" >>'${calls}'\n${body}`,
  ])
  for (const [name, body] of [...noted, ['aws-iam-authenticator', authenticator] as const]) {
    writeFileSync(join(stubs, name), `#!/bin/bash\n${body}\n`)
    chmodSync(join(stubs, name), 0o755)
  }
  for (const name of ['deploy', 'dist']) symlinkSync(join(ROOT, name), join(folder, name))
  // Variables from earlier blocks.
  writePersonFiles(folder)
  const exported = { KOPS_NAME: 'k8s.local', KOPS_BUCKET_NAME: 'example-kops-state', NODE: 'node' }
  const env = { ...environment, ...exported, HOME: folder, PATH: `${stubs}:${environment['PATH'] ?? ''}` }
  return {
    folder,
    run: (script) => runBinary('bash', ['--norc', '-euo', 'pipefail', '-c', script], { cwd: folder, env }),
    calls: () => readFileSync(calls, 'utf8').trim().split('\n'),
  }
}
