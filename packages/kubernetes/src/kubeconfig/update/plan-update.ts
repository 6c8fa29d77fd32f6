import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import type { Writable } from '@aws-iam-authenticator/core/edit/render'
import { textAt } from '@aws-iam-authenticator/core/untrusted'
import { fieldsOf } from './writable.ts'
import { fileToChange } from '../file-to-change.ts'
import { INNER, setCurrentContext, setKubeconfigEntry, type KubeconfigEntry } from '../kubeconfig-entry.ts'
import { currentContextOf, entryNames, findEntry, notKubeconfig, type KubeconfigTexts } from './kubeconfig-texts.ts'

/** An entry to write. */
export interface WantedEntry extends KubeconfigEntry {
  /** What the entry of that name has now and would lose, as the end of a sentence, such as `holds token`; empty if nothing. */
  readonly loss: string
}

/** The new content of a file. */
export interface FileChange {
  readonly path: string
  /** The text when it was read; undefined if the file does not exist. */
  readonly before: string | undefined
  readonly after: string
}

/** One step of an update, for messages. */
interface UpdateStep {
  /** The thing that is written, such as `user "admin"`. */
  readonly what: string
  readonly path: string
  readonly isChanged: boolean
}

/** The changes of an update, before anything is written. */
export interface UpdatePlan {
  /** The files to write, in this order. */
  readonly changes: readonly FileChange[]
  readonly steps: readonly UpdateStep[]
}

interface UpdateOptions {
  readonly entries: readonly WantedEntry[]
  /** The context to make the current one; undefined to leave that. */
  readonly currentContext: string | undefined
  /** True to keep a copy of an entry that would lose something, and replace it. */
  readonly force: boolean
}

const COPY_SUFFIX = '-before-aws-iam-authenticator'

/** The flag that gives an entry another name, by list. */
const NAMED_BY = { users: '--user', clusters: '--cluster-name', contexts: '--context' } as const

function described({ list, name }: Pick<KubeconfigEntry, 'list' | 'name'>): string {
  return `${INNER[list]} "${name}"`
}

/** The name for the copy of an entry, which no entry has yet. */
function copyName(kubeconfig: KubeconfigTexts, { list, name }: KubeconfigEntry): string {
  const taken = new Set(entryNames(kubeconfig, list))
  const base = `${name}${COPY_SUFFIX}`
  for (let number = 2, copy = base; ; number += 1) {
    if (!taken.has(copy)) return copy
    copy = `${base}-${number}`
  }
}

function conflict(kubeconfig: KubeconfigTexts, entries: readonly WantedEntry[]): AuthenticatorError {
  const losses = entries.map((entry) => {
    const { path } = findEntry(kubeconfig, entry.list, entry.name) ?? { path: '' }
    return `${described(entry)} in ${path} ${entry.loss}`
  })
  const flags = [...new Set(entries.map(({ list }) => NAMED_BY[list]))].join(' and ')
  const copies = entries.map((entry) => `"${copyName(kubeconfig, entry)}"`).join(' and ')
  return new AuthenticatorError(
    'kubeconfig_conflict',
    `nothing was written: ${losses.join('; ')}: give another name with ${flags}, or add --force, which keeps a copy as ${copies}`,
  )
}

/** The texts of the files during an update. */
class Draft {
  readonly steps: UpdateStep[] = []
  private readonly kubeconfig: KubeconfigTexts
  private readonly texts = new Map<string, string>()

  constructor(kubeconfig: KubeconfigTexts) {
    this.kubeconfig = kubeconfig
  }

  /** @throws {AuthenticatorError} `kubeconfig_unchangeable`: the text can't be changed without changing something else. */
  set(path: string, what: string, change: (text: string) => string | undefined): void {
    const before = this.texts.get(path) ?? this.kubeconfig.files.find((file) => file.path === path)?.text
    let after: string | undefined
    try {
      after = change(before ?? '')
    } catch (error) {
      throw notKubeconfig(path, error)
    }
    if (after === undefined) {
      throw new AuthenticatorError(
        'kubeconfig_unchangeable',
        `nothing was written: ${what} can't be put into ${path} without changing other parts of it: add it by hand, ` +
          'or write it to another file with --kubeconfig to see what it is',
      )
    }
    this.texts.set(path, after)
    this.steps.push({ what, path, isChanged: after !== before })
  }

  changes(): readonly FileChange[] {
    const { files } = this.kubeconfig
    return [...this.texts].flatMap(([path, after]) => {
      const before = files.find((file) => file.path === path)?.text
      return after === before ? [] : [{ path, before, after }]
    })
  }
}

/** The names of the copies of an update, by list and name. */
type Copies = Map<string, string>

/** The value of a copy. A context of replaced entries refers to their copies. */
function copiedValue({ list }: KubeconfigEntry, value: unknown, copies: Copies): Writable {
  const copy = fieldsOf(value)
  if (list !== 'contexts') return copy
  const renamed = (['clusters', 'users'] as const).flatMap((of): [string, string][] => {
    const name = copies.get(`${of}/${textAt(copy, INNER[of]) ?? ''}`)
    return name === undefined ? [] : [[INNER[of], name]]
  })
  return { ...copy, ...Object.fromEntries(renamed) }
}

/**
 * Plans an update of a kubeconfig. Chooses among the files as kubectl does, and writes nothing.
 *
 * @param options `entries`: users and clusters before contexts.
 * @throws {AuthenticatorError} `kubeconfig_conflict`: an entry would lose something. `kubeconfig_unchangeable`
 */
export function planUpdate(kubeconfig: KubeconfigTexts, options: UpdateOptions): UpdatePlan {
  const { entries, currentContext, force } = options
  const { files } = kubeconfig
  const losing = entries.filter(({ loss }) => loss !== '')
  if (losing.length > 0 && !force) throw conflict(kubeconfig, losing)
  const draft = new Draft(kubeconfig)
  const copies: Copies = new Map()
  for (const entry of entries) {
    const found = findEntry(kubeconfig, entry.list, entry.name)
    // A copy stays in the file of the entry: paths in it are relative to its folder.
    const path = found?.path ?? fileToChange(files).path
    if (entry.loss !== '') {
      const copy = { ...entry, name: copyName(kubeconfig, entry), value: copiedValue(entry, found?.value, copies) }
      copies.set(`${entry.list}/${entry.name}`, copy.name)
      draft.set(path, `a copy of ${described(entry)} as "${copy.name}"`, (text) => setKubeconfigEntry(text, copy))
    }
    draft.set(path, described(entry), (text) => setKubeconfigEntry(text, entry))
  }
  if (currentContext !== undefined) {
    const before = currentContextOf(kubeconfig)
    const instead = before === undefined || before === currentContext ? '' : ` in place of "${before}"`
    const { path } = fileToChange(files)
    draft.set(path, `current-context "${currentContext}"${instead}`, (text) => setCurrentContext(text, currentContext))
  }
  return { changes: draft.changes(), steps: draft.steps }
}
