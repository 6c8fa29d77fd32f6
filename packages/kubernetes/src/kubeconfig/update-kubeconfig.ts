import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { didYouMean } from '@aws-iam-authenticator/core/document/did-you-mean'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { printableYaml } from '@aws-iam-authenticator/core/edit/printable-yaml'
import { readYamlValue } from '@aws-iam-authenticator/core/document/read-yaml'
import { setKubeconfigEntry, type KubeconfigEntry } from './kubeconfig-entry.ts'
import { readFileIfPresent } from '@aws-iam-authenticator/files/write/read-file'
import { execUser, type ExecUserOptions } from './exec-user.ts'
import { fileToChange, type KubeconfigText } from './file-to-change.ts'
import { saveKubeconfig } from './save-kubeconfig.ts'

interface UpdateKubeconfigOptions extends ExecUserOptions {
  readonly files: readonly [string, ...string[]]
  readonly user: string
  /** The context to set to that user; null to change no context. */
  readonly context: string | null
  /** The cluster of that context; null to keep its cluster. */
  readonly cluster: string | null
  /** True to write nothing. */
  readonly dryRun: boolean
}

interface UpdatedKubeconfig {
  /** The entries as a kubeconfig of their own, safe to print. */
  readonly rendered: string
  /** Each file and the entry written to it. */
  readonly changes: readonly { readonly path: string; readonly changed: boolean; readonly entry: KubeconfigEntry }[]
}

async function readIfThere(path: string): Promise<KubeconfigText> {
  return { path, text: await readFileIfPresent(path) }
}

/** The items of a named list; empty if the text can't be read, which the change then reports. */
function itemsOf(text: string | undefined, list: string): unknown[] {
  try {
    const items = property(readYamlValue(text ?? '', { uniqueKeys: false, logLevel: 'error' }), list)
    return Array.isArray(items) ? items : []
  } catch {
    return []
  }
}

function has(list: string, name: string): (text: string) => boolean {
  return (text) => itemsOf(text, list).some((item) => textAt(item, 'name') === name)
}

function find(files: readonly KubeconfigText[], list: string, name: string): unknown {
  return files.flatMap(({ text }) => itemsOf(text, list)).find((item) => textAt(item, 'name') === name)
}

function contextEntry(
  files: readonly KubeconfigText[],
  name: string,
  { user, cluster }: UpdateKubeconfigOptions,
): KubeconfigEntry {
  const present = property(find(files, 'contexts', name), 'context')
  const named = cluster ?? textAt(present, 'cluster')
  if (named === undefined) {
    throw new AuthenticatorError('invalid_kubeconfig', `there is no context "${name}": give --cluster to make it`)
  }
  if (find(files, 'clusters', named) === undefined) {
    const names = files.flatMap(({ text }) => itemsOf(text, 'clusters')).map((item) => textAt(item, 'name') ?? '')
    const hint = didYouMean(named, names) || `: the kubeconfig has ${names.join(', ') || 'none'}`
    throw new AuthenticatorError('invalid_kubeconfig', `there is no cluster "${named}"${hint}`)
  }
  const namespace = textAt(present, 'namespace')
  return {
    list: 'contexts',
    name,
    value: { cluster: named, ...(namespace === undefined ? {} : { namespace }), user },
  }
}

/** Sets the entry in the text. @throws {AuthenticatorError} That is impossible without changing something else. */
function withEntry({ path, text }: KubeconfigText, entry: KubeconfigEntry): string {
  let changed: string | null
  try {
    changed = setKubeconfigEntry(text ?? '', entry)
  } catch (error) {
    if (!(error instanceof AuthenticatorError)) throw error
    throw new AuthenticatorError('invalid_kubeconfig', `${path} is not a kubeconfig: ${error.message}`, {
      cause: error,
    })
  }
  if (changed !== null) return changed
  throw new AuthenticatorError(
    'invalid_kubeconfig',
    `${path} is written in a way that this can't be put into without changing the rest; nothing was written. ` +
      `Run the same with --dry-run, and put what it prints into the file by hand`,
  )
}

/**
 * Writes the user, and the context if there is one, to the kubeconfig files. Chooses among the files as kubectl does.
 *
 * @throws {AuthenticatorError} `invalid_kubeconfig`, `kubeconfig_locked`
 * @throws {FileError} A file can't be read or written.
 */
export async function updateKubeconfig(options: UpdateKubeconfigOptions): Promise<UpdatedKubeconfig> {
  const [firstPath, ...otherPaths] = options.files
  const first = await readIfThere(firstPath)
  const files = [first, ...(await Promise.all(otherPaths.map(readIfThere)))] as const
  const { user, context } = options
  const present = property(find(files, 'users', user), 'user')
  const entries: KubeconfigEntry[] = [{ list: 'users', name: user, value: execUser(options, present) }]
  if (context !== null) entries.push(contextEntry(files, context, options))
  const changes = entries.map((entry) => {
    const file = fileToChange(files, has(entry.list, entry.name))
    // A dry run prints an entry that can't be written, for the user to add it by hand.
    return { path: file.path, changed: options.dryRun || withEntry(file, entry) !== file.text, entry }
  })
  if (!options.dryRun) {
    for (const { path, changed, entry } of changes) {
      if (changed) await saveKubeconfig(path, async () => withEntry(await readIfThere(path), entry))
    }
  }
  const lists = entries.map(({ list, name, value }) => [
    list,
    [{ name, [list === 'users' ? 'user' : 'context']: value }],
  ])
  const rendered = printableYaml(
    { apiVersion: 'v1', kind: 'Config', ...Object.fromEntries(lists) },
    { version: '1.1', lineWidth: 0, indentSeq: false },
  )
  return { rendered, changes }
}
