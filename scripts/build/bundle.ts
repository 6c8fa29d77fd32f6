import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The commit that is built; `unknown` outside of a clone. */
export function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}

/** The version that the command has. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, 'packages/cli/package.json'), 'utf8'))
  if (
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
  ) {
    return manifest.version
  }
  throw new Error('packages/cli/package.json has no version')
}

/** Bundles the command into one file for Node.js; gives what went into it, with paths relative to the root. */
export async function bundle(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['packages/cli/src/main.ts'],
    outfile,
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
      BUILD_VERSION: JSON.stringify(version()),
      BUILD_COMMIT: JSON.stringify(commit()),
      // Else Bun writes the building machine's folder in; only worker threads, which nothing here starts, would use it.
      __dirname: '"/"',
      __filename: '"/aws-iam-authenticator.cjs"',
    },
    metafile: true,
    logLevel: 'warning',
  })
  return metafile
}
