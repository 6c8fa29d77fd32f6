import t from 'tap'
import { measure } from '../scripts/structure.ts'

/** Pairs of folders that still import each other. Remove a pair from this list once it is gone; add none. */
const KNOWN: ReadonlySet<string> = new Set([
  'packages/client/src ↔ packages/client/src/aws',
  'packages/client/src ↔ packages/client/src/credentials',
  'packages/client/src ↔ packages/client/src/sts',
  'packages/client/src/cache ↔ packages/client/src/credentials',
  'packages/client/src/credentials ↔ packages/client/src/sts',
  'packages/init/src ↔ packages/init/src/pair',
  'packages/server/src/http ↔ packages/server/src/login',
  'packages/server/src/login ↔ packages/server/src/sts',
  'packages/server/src/metrics ↔ packages/server/src/observe',
  'packages/server/src/metrics ↔ packages/server/src/sts',
])

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
  t.strictSame(
    cycles.filter((pair) => !KNOWN.has(pair)),
    [],
  )
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
