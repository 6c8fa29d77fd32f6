import { globSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { BACKEND_MODES } from '@aws-iam-authenticator/core/mapping/backend-mode'
import t from 'tap'
import { measure } from '../scripts/structure.ts'

const MAX_TOP_FILES = 5

/** The packages that each package may import. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  core: [],
  files: ['core'],
  network: ['core', 'files'],
  kubernetes: ['core', 'files', 'network'],
  client: ['core', 'files', 'network'],
  init: ['core', 'files'],
  server: ['core', 'files', 'network', 'kubernetes', 'init'],
  cli: ['core', 'files', 'network', 'kubernetes', 'client', 'init', 'server'],
}

const { cycles, topFiles, packageImports } = measure()

t.test('no two folders import each other', (t) => {
  t.strictSame(cycles, [])
  t.end()
})

t.test(`a package has at most ${MAX_TOP_FILES} files directly in src`, (t) => {
  for (const [name, count] of topFiles) t.ok(count <= MAX_TOP_FILES, `${name} has ${count}`)
  t.end()
})

t.test('imports between packages point down', (t) => {
  const allowed = new Set(
    Object.entries(BELOW).flatMap(([name, below]) => below.map((dependency) => `${name} → ${dependency}`)),
  )
  t.ok(packageImports.size > 0)
  t.strictSame(
    [...packageImports].filter((arrow) => !allowed.has(arrow)),
    [],
  )
  t.end()
})

/** The files that may name a backend: the table, its descriptors, and the default of an option. */
const NAMES_BACKENDS: readonly string[] = [
  'packages/cli/src/command-line/server-options.ts',
  'packages/cli/src/explain/backend-readers.ts',
  'packages/core/src/mapping/backend-mode.ts',
  'packages/server/src/backends/config-map.ts',
  'packages/server/src/backends/crd.ts',
  'packages/server/src/backends/dynamic-file.ts',
  'packages/server/src/backends/mounted-file.ts',
]

t.test('only the table and the descriptors name a backend', (t) => {
  const root = dirname(import.meta.dirname)
  const found = globSync('packages/*/src/**/*.ts', { cwd: root }).filter((path) => {
    const text = readFileSync(`${root}/${path}`, 'utf8')
    return BACKEND_MODES.some((mode) => text.includes(`'${mode}'`))
  })
  t.strictSame(found.toSorted(), NAMES_BACKENDS)
  t.end()
})
