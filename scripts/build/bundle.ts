import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename, dirname, join, parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform, type Metafile, type OutputFile, type Plugin } from 'esbuild'
import { libraries, type Replacement, usedParts } from './lean.ts'

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

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Names stay, since errors are told apart by theirs, and bugs found by those of functions. To make them shorter, and to give each
  // function its own back as it begins to exist, would take longer than to sign a token.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const

/** A metafile in which what went into some inputs, bundled beforehand, stands beside them. */
function withParts(whole: Metafile, parts: ReadonlyMap<string, Metafile>): Metafile {
  const inputs: Metafile['inputs'] = { ...whole.inputs }
  const outputs = Object.entries(whole.outputs).map(([name, output]): [string, Metafile['outputs'][string]] => {
    const used = { ...output.inputs }
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const part = parts.get(input)
      const entry = part?.inputs['<stdin>']
      if (part === undefined || entry === undefined || bytesInOutput === 0) continue
      Object.assign(used, ...Object.values(part.outputs).map((file) => file.inputs))
      Object.assign(inputs, part.inputs, whole.inputs, { [input]: entry })
    }
    return [name, { ...output, inputs: used }]
  })
  return { inputs, outputs: Object.fromEntries(outputs) }
}

/** What went into a bundle, with paths relative to the root, and what the build replaced in it. */
export interface BundleInputs {
  readonly metafile: Metafile
  readonly replaced: readonly Replacement[]
}

/** The command in pieces that are loaded when they are needed; one of them is `main.js`. */
export async function split(): Promise<BundleInputs & { pieces: readonly OutputFile[] }> {
  const beforehand = new Map<string, Metafile>()
  const replaced: Replacement[] = []
  const onReplaced = (replacement: Replacement): number => replaced.push(replacement)
  const { metafile, outputFiles } = await build({
    ...COMMON,
    entryPoints: ['packages/cli/src/main.ts'],
    outdir: 'dist',
    write: false,
    splitting: true,
    format: 'esm',
    conditions: ['aws-iam-authenticator-source', 'module'],
    define: {
      BUILD_VERSION: JSON.stringify(version()),
      BUILD_COMMIT: JSON.stringify(commit()),
      // Else Bun writes the building machine's folder in; only worker threads, which nothing here starts, would use it.
      __dirname: '"/"',
      __filename: '"/aws-iam-authenticator.cjs"',
    },
    plugins: [libraries(ROOT, beforehand, onReplaced), usedParts(onReplaced)],
    metafile: true,
  })
  return { pieces: outputFiles, metafile: withParts(metafile, beforehand), replaced }
}

/**
 * Names for the pieces by what is in them, in the place of those that change with each letter: where one piece changes, the
 * functions of all others, which name it, stay what they are, and `bytecode.order` still knows them.
 */
function lastingNames({ outputs }: Metafile): ReadonlyMap<string, string> {
  const names = Object.entries(outputs).map(([output, { entryPoint, inputs }]): [string, string] => {
    const [first = 'none'] = Object.keys(inputs)
    // A file can be the first of two pieces: of one that is imported when its turn comes, and of what that shares with others.
    const of = createHash('sha256').update(`${entryPoint} ${first}`).digest('hex').slice(0, 6)
    return [basename(output), `${parse(entryPoint ?? first).name}_${of}.js`]
  })
  if (new Set(names.map(([, name]) => name)).size < names.length) throw new Error('two pieces would have one name')
  return new Map(names)
}

/** What esbuild calls a piece. */
const PIECE = /(?<![\w-])[\w-]+\.js\b/g

/** Serves pieces by these names, each as a CommonJS module: what is in it then begins to exist when it is loaded. */
async function inMemory(pieces: readonly OutputFile[], names: ReadonlyMap<string, string>): Promise<Plugin> {
  const modules = new Map<string, string>()
  for (const { path, text } of pieces) {
    const named = text.replaceAll(PIECE, (name) => names.get(name) ?? name)
    const { code } = await transform(named, { format: 'cjs', platform: 'node', target: 'node24' })
    modules.set(names.get(basename(path)) ?? '', code)
  }
  return {
    name: 'in-memory',
    setup: (bundler) => {
      // By its name alone, which ends up in the bundle: where the clone lies must not.
      bundler.onResolve({ filter: /\.js$/ }, ({ path }) => {
        const name = basename(path)
        return modules.has(name) ? { path: name, namespace: 'piece' } : null
      })
      bundler.onLoad({ filter: /^/, namespace: 'piece' }, ({ path }) => ({
        contents: modules.get(path) ?? '',
        resolveDir: ROOT,
      }))
    },
  }
}

/**
 * Bundles the command into one file for Node.js; gives what went into it.
 *
 * In two steps: esbuild would let all the bundle's functions begin to exist as it is started, which takes longer than to sign a
 * token. Of pieces it begins with the first, and each of the others is one function until it is called.
 */
export async function bundle(outfile: string): Promise<BundleInputs> {
  const { pieces, metafile, replaced } = await split()
  const names = lastingNames(metafile)
  await build({
    ...COMMON,
    entryPoints: [join(ROOT, names.get('main.js') ?? '')],
    outfile,
    format: 'cjs',
    plugins: [await inMemory(pieces, names)],
  })
  return { metafile, replaced }
}
