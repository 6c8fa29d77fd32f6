// Bundles the command with esbuild, then compiles the bundle with Bun: dist/aws-iam-authenticator runs on a machine that has
// no Node.js. Bundled first, so that it is undici's own code that runs and not what Bun puts in its place.
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, ROOT } from './build/bundle.ts'
import { compile, INSTALLED_RUNTIME } from './build/compile.ts'

const dist = join(ROOT, 'dist')
const bundled = join(dist, 'aws-iam-authenticator.cjs')

mkdirSync(dist, { recursive: true })
await bundle(bundled)
const aside = mkdtempSync(join(dist, 'compile-'))
try {
  renameSync(
    compile({ bundle: bundled, runtime: INSTALLED_RUNTIME, folder: aside, order: 'recorded' }),
    join(dist, 'aws-iam-authenticator'),
  )
} finally {
  rmSync(aside, { recursive: true })
}
