// Bundles the command with esbuild, then compiles the bundle with Bun: dist/aws-iam-authenticator runs on a machine that has
// no Node.js. Bundled first, so that it is undici's own code that runs and not what Bun puts in its place.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { withoutVariables } from './without-variables.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const bundle = join(dist, 'aws-iam-authenticator.cjs')
const executable = join(dist, 'aws-iam-authenticator')

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}

function versionOf(text: string): string {
  const manifest: unknown = JSON.parse(text)
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  ) {
    return manifest.version
  }
  throw new Error('package.json has no version')
}

mkdirSync(dist, { recursive: true })
await build({
  entryPoints: [join(root, 'packages/cli/src/main.ts')],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  minify: true,
  // Names stay, since errors are told apart by theirs.
  keepNames: true,
  legalComments: 'none',
  conditions: ['aws-iam-authenticator-source', 'module'],
  define: {
    BUILD_VERSION: JSON.stringify(versionOf(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'))),
    BUILD_COMMIT: JSON.stringify(commit()),
  },
  logLevel: 'warning',
})

const flags = [
  '--compile',
  '--bytecode',
  // The executable must not take settings, let alone code, from the folder that kubectl happens to run in.
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
]
const aside = mkdtempSync(join(dist, 'compile-'))
try {
  const compiled = join(aside, 'aws-iam-authenticator')
  execFileSync('bun', ['build', bundle, ...flags, '--outfile', compiled], {
    cwd: dist,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  writeFileSync(compiled, withoutVariables(readFileSync(compiled), ['BUN_BE_BUN', 'BUN_OPTIONS']))
  renameSync(compiled, executable)
} finally {
  rmSync(aside, { recursive: true })
}
