import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { minimalEnvironment, temporaryFolder } from '../../e2e/harness/command.ts'
import { document, type Block } from '../../docs/documents.ts'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { ACCOUNT_ID, REGION } from './govcloud.ts'
import { ROOT, type Node } from './node.ts'

/** The values that a reader sets at the top of a guide, here for the fake GovCloud account. */
export interface Settings {
  readonly [name: string]: string
}

/** The settings for the tests' account, and for an executable that the node can download. */
export function settingsFor({ url }: Pick<Node, 'url'>): Settings {
  return { PARTITION: 'aws-us-gov', REGION, ACCOUNT: ACCOUNT_ID, BASE_URL: url }
}

/** The text of the blocks in one language below a heading of a guide, in order. */
export function guideBlocks(name: string, heading: string, language: string): readonly string[] {
  const { blocks } = document(`docs/guides/${name}.md`)
  const found = blocks.filter((block: Block) => block.heading === heading && block.language === language)
  if (found.length === 0) throw new Error(`${name}.md has no block ${language} below "${heading}"`)
  return found.map(({ text }) => text)
}

/** Sets the variables that a block sets at its top. */
function withSettings(script: string, settings: Settings): string {
  let text = script
  for (const [name, value] of Object.entries(settings)) {
    const line = new RegExp(`^${name}=.*$`, 'm')
    if (!line.test(text)) throw new Error(`the block sets no ${name}`)
    text = text.replace(line, () => `${name}=${value}`)
  }
  return text
}

/** A folder with what a reader has: deploy/ and dist/ of a clone, and the files that the blocks write. */
export interface Clone {
  readonly folder: string
  path(name: string): string
  read(name: string): string
  /** Runs a block, by default without a cluster. @throws Error with its output if a line fails */
  run(script: string, kubeconfig?: string): Promise<string>
}

/** Runs the first block of a guide below a heading, with these settings, in a clone. */
export async function startClone(
  t: { teardown(action: () => unknown): void },
  name: string,
  settings: Settings,
  heading = 'Copy and paste',
): Promise<Clone> {
  const folder = realpathSync(temporaryFolder(t))
  for (const part of ['deploy', 'dist']) symlinkSync(join(ROOT, part), join(folder, part))
  const programs = join(folder, 'programs')
  mkdirSync(programs)
  symlinkSync(await kubectl('1.35'), join(programs, 'kubectl'))
  symlinkSync(join(ROOT, 'dist/aws-iam-authenticator'), join(programs, 'aws-iam-authenticator'))
  const environment = minimalEnvironment(folder)
  const env = { ...environment, PATH: `${programs}:${environment['PATH'] ?? ''}` }
  const first = withSettings(guideBlocks(name, heading, 'sh')[0] ?? '', settings)
  const path = (file: string): string => join(folder, file)
  const run: Clone['run'] = async (script, kubeconfig = '/dev/null') => {
    // The reader's shell still has the variables.
    const variables = first.split('\n\n', 1)[0] ?? ''
    writeFileSync(path('block.sh'), `${variables}\n${script}`)
    const { code, stdout, stderr } = await runBinary('bash', ['--norc', '-euo', 'pipefail', 'block.sh'], {
      cwd: folder,
      env: { ...env, KUBECONFIG: kubeconfig },
    })
    if (code !== 0) throw new Error(`${name}: ${stdout}${stderr}`)
    return stdout
  }
  await run(first)
  return { folder, path, read: (file) => readFileSync(path(file), 'utf8'), run }
}
