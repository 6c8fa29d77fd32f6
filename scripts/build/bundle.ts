import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform, type Metafile, type OutputFile, type Plugin } from 'esbuild'
import { replaceModules, type Replacement } from './lean.ts'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Returns the commit that is built, or `unknown` outside of a clone. */
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

/** Returns the version of the command. */
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

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Keep names: errors are recognized by theirs, and stack traces show those of functions.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const

/** The inputs of a bundle, with paths relative to the root, and the modules that the build replaced. */
export interface BundleInputs {
  readonly metafile: Metafile
  readonly replaced: readonly Replacement[]
}

/** Bundles the command as modules that load when they are needed. `main.js` is the first. */
export async function split(): Promise<BundleInputs & { pieces: readonly OutputFile[] }> {
  const replaced: Replacement[] = []
  const { metafile, outputFiles } = await build({
    ...COMMON,
    entryPoints: ['packages/cli/src/main.ts'],
    outdir: 'dist',
    write: false,
    splitting: true,
    format: 'esm',
    // Take ES modules, from which esbuild drops unused code. It can't do that for CommonJS, its default for Node.js.
    mainFields: ['module', 'main'],
    conditions: ['aws-iam-authenticator-source', 'module'],
    define: {
      BUILD_VERSION: JSON.stringify(version()),
      BUILD_COMMIT: JSON.stringify(commit()),
      // `explain --reason` prints a section of it.
      ERRORS_PAGE: JSON.stringify(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')),
      // Bun would write the folder of the build into the executable. Only worker threads read it, and we start none.
      __dirname: '"/"',
      __filename: '"/aws-iam-authenticator.cjs"',
    },
    plugins: [replaceModules((replacement) => replaced.push(replacement))],
    metafile: true,
  })
  return { pieces: outputFiles, metafile, replaced }
}

/** Serves the pieces from memory, each as a CommonJS module. */
async function inMemory(pieces: readonly OutputFile[]): Promise<Plugin> {
  const modules = new Map<string, string>()
  for (const { path, text } of pieces) {
    const { code } = await transform(text, { format: 'cjs', platform: 'node', target: 'node24' })
    modules.set(basename(path), code)
  }
  return {
    name: 'in-memory',
    setup: (bundler) => {
      // The path ends up in the bundle. A bare name keeps the folder of the clone out of it.
      bundler.onResolve({ filter: /\.js$/ }, ({ path }) => {
        const name = basename(path)
        return modules.has(name) ? { path: name, namespace: 'piece' } : undefined
      })
      bundler.onLoad({ filter: /^/, namespace: 'piece' }, ({ path }) => ({
        contents: modules.get(path) ?? '',
        resolveDir: ROOT,
      }))
    },
  }
}

/**
 * Bundles the command into one file for Node.js and returns its inputs.
 *
 * The bundle is made in two steps. esbuild puts all ES modules into one scope, so that every function is created at the start, which
 * takes longer than to sign a token. A CommonJS module is a single function until it is loaded.
 */
export async function bundle(outfile: string): Promise<BundleInputs> {
  const { pieces, metafile, replaced } = await split()
  await build({
    ...COMMON,
    entryPoints: [join(ROOT, 'main.js')],
    outfile,
    format: 'cjs',
    plugins: [await inMemory(pieces)],
  })
  return { metafile, replaced }
}
