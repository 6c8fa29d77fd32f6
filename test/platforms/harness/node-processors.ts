import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/build/bundle.ts'
import { archivedProgram } from '../../release/npm-archive.ts'
import { isInstalled } from './machine.ts'

/** A processor for which Bun has no runtime. */
interface Processor {
  /** The npm package with Node.js for the processor, and the SHA-512 of its archive. */
  readonly node: string
  readonly sha512: string
  readonly qemu: string
  /** The folder with its C and C++ libraries. */
  readonly sysroot: string
  /** The Debian packages with these libraries. */
  readonly libraries: string
}

export const PROCESSORS = {
  s390x: {
    node: 'node-linux-s390x@20.11.0',
    sha512: '00F88i+9jVexpzxYBDrY+xXqeyU3XW1JhyoxGqSbnUbmcOzvYzSSjVxaQLdGHNtavZywN24058sjCq0rVMHzZw==',
    qemu: 'qemu-s390x-static',
    sysroot: '/usr/s390x-linux-gnu',
    libraries: 'libc6-s390x-cross libstdc++6-s390x-cross',
  },
  ppc64le: {
    node: 'node-linux-ppc64le@20.11.0',
    sha512: 'yDYsy0btzM5Sl1qXqIncCAtUykZUvk+CloC7uwvWRwrQ5K8J4mEsgo36Hkec8Qa9QdEVLs2rHsUqn81At+dltA==',
    qemu: 'qemu-ppc64le-static',
    sysroot: '/usr/powerpc64le-linux-gnu',
    libraries: 'libc6-ppc64el-cross libstdc++6-ppc64el-cross',
  },
} as const satisfies Readonly<Record<string, Processor>>

/** The reason why Node.js for a processor does not run here; false if it does. */
export function cannotRun({ qemu, sysroot, libraries }: Processor): string | false {
  return isInstalled(qemu) && existsSync(join(sysroot, 'lib/libstdc++.so.6'))
    ? false
    : `needs qemu: apt-get install qemu-user-static ${libraries}`
}

/**
 * The newest Node.js on npm for these processors is older than the bundle needs. These commands lack only two
 * functions. The server lacks more, so it can't run there.
 */
const LACKING = `Object.defineProperty(require('node:crypto').X509Certificate.prototype, 'validToDate', {
  get() {
    return new Date(this.validTo)
  },
})
Promise.withResolvers = function () {
  const made = {}
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}
`

/** Returns the command line that runs the built bundle on a processor. */
export function commandOn(processor: Processor): readonly [string, ...string[]] {
  const bundle = join(ROOT, 'dist/aws-iam-authenticator.cjs')
  const { node: name, sha512 } = processor
  const node = archivedProgram({ name, sha512, path: 'package/bin/node' })
  const lacking = join(ROOT, '.cache/npm-archives/lacking.cjs')
  writeFileSync(lacking, LACKING)
  return [processor.qemu, '-L', processor.sysroot, node, `--require=${lacking}`, bundle]
}
