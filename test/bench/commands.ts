import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { compile, INSTALLED_RUNTIME } from '../../scripts/build/compile.ts'
import type { Runtime } from './results.ts'

export type CommandLine = readonly [string, ...string[]]

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The built command, on each runtime. */
export const PRODUCT: ReadonlyMap<Runtime, CommandLine> = new Map<Runtime, CommandLine>([
  ['executable', [join(ROOT, 'dist/aws-iam-authenticator')]],
  ['Node.js', [process.execPath, join(ROOT, 'dist/aws-iam-authenticator.cjs')]],
])

/** The variables that the image sets for the runtime of the server. Node.js ignores them. */
export const IMAGE_ENVIRONMENT: Readonly<Record<string, string>> = Object.fromEntries(
  [...readFileSync(join(ROOT, 'deploy/image/Containerfile'), 'utf8').matchAll(/(BUN_JSC_\w+)=(\S+)/g)].map(
    ([, name = '', value = '']) => [name, value],
  ),
)

/** Builds a helper program like the command, for each runtime. */
export async function buildProgram(name: string, folder: string): Promise<ReadonlyMap<Runtime, CommandLine>> {
  const bundle = join(folder, `${name}.cjs`)
  await build({
    entryPoints: [fileURLToPath(new URL(`programs/${name}.ts`, import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minify: true,
    logLevel: 'warning',
  })
  const aside = join(folder, `compiled-${name}`)
  mkdirSync(aside)
  return new Map<Runtime, CommandLine>([
    ['executable', [compile({ bundle, runtime: INSTALLED_RUNTIME, folder: aside })]],
    ['Node.js', [process.execPath, bundle]],
  ])
}
