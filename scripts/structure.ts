// Measures the structure of the packages: lines, files, functions, folders that import each other, exports that no other file imports.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'acorn'
import { full } from 'acorn-walk'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const IMPORT = /^(?:import|export)\s(?:[^'"]*?\sfrom\s)?'([^']+)'/gm
const DYNAMIC_IMPORT = /\bimport\('([^']+)'\)/g
const NAMED = /^(?:import|export)\s(?:type\s)?(?:\w+,\s)?\{([^}]*)\}\sfrom\s'([^']+)'/gm
const LATER = /const \{([^}]*)\} =\s+await import\('([^']+)'\)/g
const IN_EXPRESSION = /(?<!\} =\s+await )\bimport\('([^']+)'\)/g
const EXPORT =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm

/** A function or method and its length. */
export interface FunctionLength {
  readonly place: string
  readonly lines: number
}

/** Figures about the working tree. */
export interface Structure {
  readonly files: number
  readonly lines: number
  readonly medianLines: number
  readonly trackedLines: number
  /** Longest first. */
  readonly functions: readonly FunctionLength[]
  /** Pairs of folders that import each other. */
  readonly cycles: readonly string[]
  /** Exported names that no other file imports, as `file: name`. */
  readonly unusedExports: readonly string[]
  /** Files directly in the `src` of a package, by package. */
  readonly topFiles: ReadonlyMap<string, number>
  /** Imports from one package into another, as `from → to`. */
  readonly packageImports: ReadonlySet<string>
}

function tracked(...patterns: readonly string[]): string[] {
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...patterns], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  return listed.split('\n').filter((path) => path !== '')
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

/** Returns the file that an import names, as a path of this repository; undefined if it is outside. */
function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(from), specifier))
  const [, name, rest] = /^@aws-iam-authenticator\/(\w+)(?:\/(.+))?$/.exec(specifier) ?? []
  return name === undefined || rest === undefined ? undefined : `packages/${name}/src/${rest}.ts`
}

function functionsOf(path: string, text: string): FunctionLength[] {
  const tree = parse(stripTypeScriptTypes(text), { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  const found: FunctionLength[] = []
  full(tree, (node) => {
    if (!/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return
    const { start, end } = node.loc ?? {}
    if (start === undefined || end === undefined) return
    found.push({ place: `${path}:${start.line}`, lines: end.line - start.line + 1 })
  })
  return found
}

/** Returns the names that a statement imports, without their aliases. */
function names(list: string): string[] {
  return list.split(',').flatMap((part) => /^\s*(?:type\s+)?(\w+)/.exec(part)?.[1] ?? [])
}

/** The imports between the files. */
interface Imports {
  /** The folders that each folder imports from. */
  readonly folders: ReadonlyMap<string, ReadonlySet<string>>
  readonly packages: ReadonlySet<string>
  /** The names that other files import from each file. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>
}

function importedNames(path: string, text: string): (readonly [from: string, names: readonly string[]])[] {
  return [
    ...[...text.matchAll(NAMED), ...text.matchAll(LATER)].map(([, list = '', specifier = '']) => {
      return [target(path, specifier) ?? '', names(list)] as const
    }),
    // Any word of the file may be a name from a module that is imported in an expression.
    ...Array.from(text.matchAll(IN_EXPRESSION), ([, specifier = '']) => {
      return [target(path, specifier) ?? '', text.match(/\w+/g) ?? []] as const
    }),
  ]
}

function readImports(sources: ReadonlySet<string>, texts: ReadonlyMap<string, string>): Imports {
  const folders = new Map<string, Set<string>>()
  const packages = new Set<string>()
  const byFile = new Map<string, Set<string>>()
  for (const [path, text] of texts) {
    for (const [from, list] of importedNames(path, text)) {
      byFile.set(from, new Set([...(byFile.get(from) ?? []), ...list]))
    }
    if (!sources.has(path)) continue
    for (const [, specifier = ''] of [...text.matchAll(IMPORT), ...text.matchAll(DYNAMIC_IMPORT)]) {
      const to = target(path, specifier)
      if (to === undefined) continue
      const [from, into] = [posix.dirname(path), posix.dirname(to)]
      if (from !== into) folders.set(from, (folders.get(from) ?? new Set()).add(into))
      const [fromPackage = '', toPackage = ''] = [path, to].map((each) => each.split('/')[1])
      if (fromPackage !== toPackage) packages.add(`${fromPackage} → ${toPackage}`)
    }
  }
  return { folders, packages, names: byFile }
}

/** Measures the working tree. */
export function measure(): Structure {
  const sources = tracked('packages/*/src/**/*.ts', 'packages/*/src/*.ts')
  const texts = new Map(tracked('*.ts').map((path) => [path, read(path)]))
  const imports = readImports(new Set(sources), texts)
  const cycles = [...imports.folders].flatMap(([from, into]) =>
    [...into].filter((to) => from < to && imports.folders.get(to)?.has(from) === true).map((to) => `${from} ↔ ${to}`),
  )
  const unusedExports = sources.flatMap((path) =>
    Array.from((texts.get(path) ?? '').matchAll(EXPORT), ([, name = '']) => name)
      .filter((name) => imports.names.get(path)?.has(name) !== true)
      .map((name) => `${path}: ${name}`),
  )
  const counts = sources.map((path) => lineCount(texts.get(path) ?? '')).toSorted((a, b) => a - b)
  const topFiles = new Map<string, number>()
  for (const path of sources) {
    const [, name = '', , ...rest] = path.split('/')
    if (rest.length === 1) topFiles.set(name, (topFiles.get(name) ?? 0) + 1)
  }
  return {
    files: sources.length,
    lines: counts.reduce((sum, count) => sum + count, 0),
    medianLines: counts[Math.floor(counts.length / 2)] ?? 0,
    trackedLines: tracked().reduce((sum, path) => sum + (/\.(?:png|snap)$/.test(path) ? 0 : lineCount(read(path))), 0),
    functions: sources
      .flatMap((path) => functionsOf(path, texts.get(path) ?? ''))
      .toSorted((a, b) => b.lines - a.lines),
    cycles,
    unusedExports,
    topFiles,
    packageImports: imports.packages,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, lines, medianLines, trackedLines, functions, cycles, unusedExports, topFiles, packageImports } =
    measure()
  console.log(`sources of the packages: ${lines} lines in ${files} files, median ${medianLines}`)
  console.log(`lines of all tracked text files: ${trackedLines}`)
  console.log(`functions over 60 lines: ${functions.filter((each) => each.lines > 60).length}; longest:`)
  for (const each of functions.slice(0, 5)) console.log(`  ${each.lines} ${each.place}`)
  console.log(`pairs of folders that import each other: ${cycles.length}`)
  for (const cycle of cycles) console.log(`  ${cycle}`)
  console.log(`files directly in src: ${[...topFiles].map(([name, count]) => `${name} ${count}`).join(', ')}`)
  console.log(`imports between packages: ${[...packageImports].toSorted().join(', ')}`)
  console.log(`exports that no other file imports: ${unusedExports.length}`)
  for (const name of unusedExports) console.log(`  ${name}`)
}
