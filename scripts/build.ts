// Bundles the command with esbuild and compiles the bundle with Bun, so that dist/aws-iam-authenticator runs without Node.js.
// esbuild bundles because Bun's bundler would replace undici with Bun's implementation of it.
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { bundle, commit, ROOT, version } from './build/bundle.ts'
import { compile, INSTALLED_RUNTIME } from './build/compile.ts'

const dist = join(ROOT, 'dist')
const bundled = join(dist, 'aws-iam-authenticator.cjs')
const program = join(dist, 'aws-iam-authenticator')

mkdirSync(dist, { recursive: true })
await bundle(bundled)
const aside = mkdtempSync(join(dist, 'compile-'))
try {
  const executable = compile({ bundle: bundled, runtime: INSTALLED_RUNTIME, folder: aside })
  renameSync(executable, program)
} finally {
  rmSync(aside, { recursive: true })
}

console.log(`built ${version()}, commit ${commit()}:`)
for (const [path, what] of [
  [program, 'the executable'],
  [bundled, 'its bundle for Node.js'],
] as const) {
  console.log(`  ${relative(ROOT, path)}  ${(statSync(path).size / 1024 ** 2).toFixed(1)} MiB, ${what}`)
}
console.log(`next: ${relative(ROOT, program)} --help`)
