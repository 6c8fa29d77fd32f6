// Builds kube-apiserver and the reader of aws-auth if they are missing, runs the tests against them and prints one line of counts.
import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import {
  buildProgram,
  CLUSTER_API,
  CLUSTER_API_AWS,
  KUBE_APISERVER,
  KUBEADM,
  moduleFolder,
  READ_AWS_AUTH,
} from '../test/apiserver/harness/binary.ts'
import { noThrowAwayRoot } from '../test/apiserver/harness/throw-away-root.ts'
import { root, runTap } from './run-tap.ts'

const FOLDER = 'test/apiserver'
// Each run has its own network namespace with only the loopback, so that the ports of the manifests are free.
const OWN_NETWORK: [string, ...string[]] = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']

function isThere(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      return readdirSync(folder).includes(program)
    } catch {
      return false
    }
  })
}

async function build(): Promise<boolean> {
  try {
    for (const program of [KUBE_APISERVER, KUBEADM, READ_AWS_AUTH]) await buildProgram(program)
    for (const module of [CLUSTER_API, CLUSTER_API_AWS]) await moduleFolder(module)
    return true
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return false
  }
}

if (await build()) {
  const only = process.argv.slice(2)
  const all = readdirSync(join(root, FOLDER)).filter((name) => name.endsWith('.test.ts'))
  const files = only.length > 0 ? only : all.map((name) => `${FOLDER}/${name}`)
  const own = noThrowAwayRoot === false && isThere('ip')
  const { failed, line } = runTap(
    'apiserver.tap',
    ['--disable-coverage', '--jobs=1', '--timeout=600', ...files],
    own ? OWN_NETWORK : null,
  )
  // The reporter does not print a final line break.
  console.log(`\n${line}`)
  process.exitCode = failed ? 1 : 0
} else {
  console.log('0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
}
