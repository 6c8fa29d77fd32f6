import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const EXPORTED_FROM = /\bfrom '(\.[^']+)\.js'|\bfrom '(\.[^']+)\.ts'/g

function withoutComments(text: string): string {
  return text
    .replaceAll(/^ *\/\*\*[\s\S]*?\*\/\n/gm, '')
    .replaceAll(/^ *\/\/.*\n/gm, '')
    .trim()
}

/**
 * Lists the declarations of a package's main entry, without comments: the entry, and the modules that it exports from.
 *
 * @param folder The installed package.
 */
export function apiReport(name: string, folder: string): string {
  const entry = readFileSync(join(folder, 'dist', 'library', 'index.d.ts'), 'utf8')
  const modules = new Set(Array.from(entry.matchAll(EXPORTED_FROM), ([, js, ts]) => js ?? ts ?? ''))
  const texts = [...modules].toSorted().map((module) => {
    const text = readFileSync(join(folder, 'dist', 'library', `${module}.d.ts`), 'utf8')
    return `// ${module}\n${withoutComments(text)}\n`
  })
  return [`// ${name}\n${withoutComments(entry)}\n`, ...texts].join('\n')
}
