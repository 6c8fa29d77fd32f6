// Bundles the command with esbuild and compiles the bundle with Bun, so that dist/aws-iam-authenticator runs without Node.js.
// esbuild bundles because Bun's bundler would replace undici with Bun's implementation of it.
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
  const executable = compile({ bundle: bundled, runtime: INSTALLED_RUNTIME, folder: aside })
  renameSync(executable, join(dist, 'aws-iam-authenticator'))
} finally {
  rmSync(aside, { recursive: true })
}
