import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../docs/documents.ts'
import { COMMAND, temporaryFolder } from '../e2e/harness/command.ts'
import { runBinary, type RunResult } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'

export const USER_DATA: string = readFileSync(join(ROOT, 'deploy/kops/user-data.sh'), 'utf8')

/** The file that the stub of curl returns: a script that runs the built command. */
const DOWNLOAD = `#!/bin/sh\nexec ${COMMAND.map((part) => `'${part}'`).join(' ')} "$@"\n`

export interface NodeOptions {
  /** The actions of stubs, besides recording their calls. */
  readonly stubs?: Readonly<Record<string, string>>
  /** Values of the script that replace its own. */
  readonly values?: Readonly<Record<string, string>>
}

/** A node: a folder as its root, and stubs for programs that need root, which record their calls. */
export interface Node {
  readonly root: string
  run(options?: NodeOptions): Promise<RunResult>
  /** The calls of the stubs so far. */
  calls(): string[]
  /** The log of the script. */
  log(): string
}

export function prepareNode(t: Parameters<typeof temporaryFolder>[0]): Node {
  const root = temporaryFolder(t)
  const calls = join(root, 'calls')
  const download = join(root, 'download')
  for (const folder of ['stubs', 'usr/local/bin', 'var/log', 'tmp']) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(download, DOWNLOAD)
  const defaults = {
    chown: '',
    curl: `while [ "$1" != --output ]; do shift; done; cp '${download}' "$2"`,
    getent: 'exit 2',
    id: 'exit 1',
    uname: 'echo x86_64',
    useradd: '',
  }
  return {
    root,
    run: ({ stubs = {}, values = {} } = {}) => {
      for (const [name, action] of Object.entries({ ...defaults, ...stubs })) {
        const path = join(root, 'stubs', name)
        writeFileSync(path, `#!/bin/bash\necho "${name} $*" >>'${calls}'\n${action}\n`)
        chmodSync(path, 0o755)
      }
      let script = USER_DATA.replaceAll(/(?<=^\w+=)\/(?=usr\/local|var|srv)/gm, `${root}/`)
      const sha256 = createHash('sha256').update(DOWNLOAD).digest('hex')
      for (const [name, value] of Object.entries({ sha256_amd64: sha256, ...values })) {
        script = script.replace(new RegExp(`^${name}=.*$`, 'm'), `${name}=${value}`)
      }
      writeFileSync(join(root, 'user-data.sh'), script)
      const env = { PATH: `${join(root, 'stubs')}:${process.env['PATH'] ?? ''}`, HOME: root, TMPDIR: join(root, 'tmp') }
      return runBinary('bash', [join(root, 'user-data.sh')], { cwd: root, env })
    },
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    log: () => readFileSync(join(root, 'var/log/aws-iam-authenticator-init.log'), 'utf8'),
  }
}
