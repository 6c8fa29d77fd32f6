import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ROOT, type BundleInputs } from '../build/bundle.ts'

/** An npm package with code in the bundle. */
export interface BundledPackage {
  readonly name: string
  readonly version: string
  /** The SPDX expression of its package.json. */
  readonly license: string
  /** Relative to the root. */
  readonly folder: string
  /** The packages that it imports, as `name@version`. */
  readonly imports: readonly string[]
  /** Modules of this package, or imported by it, that the build replaces. */
  readonly replaced: readonly string[]
}

/** The third-party packages of the bundle, and those of them that this project imports directly. */
export interface BundleContents {
  readonly packages: readonly BundledPackage[]
  readonly imports: readonly string[]
}

const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/

type Manifest = Omit<BundledPackage, 'imports' | 'replaced'>

function readManifest(folder: string): Manifest {
  const text = readFileSync(join(ROOT, folder, 'package.json'), 'utf8')
  const manifest: unknown = JSON.parse(text)
  const fields: ReadonlyMap<string, unknown> = new Map(
    typeof manifest === 'object' && manifest !== null ? Object.entries(manifest) : [],
  )
  const [name, version, license] = ['name', 'version', 'license'].map((key) => fields.get(key))
  if (typeof name !== 'string' || typeof version !== 'string' || typeof license !== 'string') {
    throw new Error(
      `${folder}/package.json has no name, version or licence: add it to scripts/release/bundled-packages.ts`,
    )
  }
  return { name, version, license, folder }
}

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Reads the packages of the bundle from esbuild's metafile. */
export function contentsOf({ metafile: { inputs, outputs }, replaced }: BundleInputs): BundleContents {
  const used = new Set<string>()
  for (const output of Object.values(outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) if (bytesInOutput > 0) used.add(input)
  }
  const manifests = new Map<string, Manifest>()
  const keyOf = (input: string): string | null => {
    const folder = PACKAGE_FOLDER.exec(input)?.[0]
    if (folder === undefined) return null
    const manifest = manifests.get(folder) ?? readManifest(folder)
    manifests.set(folder, manifest)
    return `${manifest.name}@${manifest.version}`
  }
  const imports = new Map<string | null, Set<string>>([[null, new Set()]])
  for (const input of used) {
    const importer = keyOf(input)
    const imported = imports.get(importer) ?? new Set()
    imports.set(importer, imported)
    for (const { path, external } of inputs[input]?.imports ?? []) {
      const key = external === true || !used.has(path) ? null : keyOf(path)
      if (key !== null && key !== importer) imported.add(key)
    }
  }
  const sorted = (key: string | null): string[] => [...(imports.get(key) ?? [])].sort(byCodeUnit)
  const replacedIn = (name: string, folder: string): string[] => {
    const here = replaced.filter(
      ({ module, importer }) =>
        module === name ||
        module.startsWith(`${name}/`) ||
        PACKAGE_FOLDER.exec(relative(ROOT, importer))?.[0] === folder,
    )
    return [...new Set(here.map(({ module }) => module))].sort(byCodeUnit)
  }
  const packages = new Map(
    [...manifests.values()].map((manifest) => [`${manifest.name}@${manifest.version}`, manifest]),
  )
  return {
    packages: [...packages]
      .filter(([key]) => imports.has(key))
      .sort(([a], [b]) => byCodeUnit(a, b))
      .map(([key, { name, version, license, folder }]) => {
        return { name, version, license, folder, imports: sorted(key), replaced: replacedIn(name, folder) }
      }),
    imports: sorted(null),
  }
}
