import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { readFileIfPresent } from '@aws-iam-authenticator/files/write/read-file'
import type { KubeconfigText } from '../file-to-change.ts'
import { INNER, readKubeconfigText, type KubeconfigList } from '../kubeconfig-entry.ts'

interface ParsedFile extends KubeconfigText {
  readonly config: unknown
}

/** The files that form a kubeconfig, before a change. */
export interface KubeconfigTexts {
  readonly files: readonly [ParsedFile, ...ParsedFile[]]
}

/** An entry and the file that has it. */
interface FoundEntry {
  readonly path: string
  /** The value under `user`, `cluster` or `context`. */
  readonly value: unknown
}

/** The error for a file that is not a kubeconfig. */
export function notKubeconfig(path: string, error: unknown): unknown {
  if (!(error instanceof AuthenticatorError)) return error
  return new AuthenticatorError('invalid_kubeconfig', `${path} is not a kubeconfig: ${error.message}`, { cause: error })
}

async function readFileAt(path: string): Promise<ParsedFile> {
  const file = { path, text: await readFileIfPresent(path) }
  try {
    return { ...file, config: readKubeconfigText(file.text ?? '') }
  } catch (error) {
    throw notKubeconfig(path, error)
  }
}

/**
 * Reads the files that form a kubeconfig. Missing files count as empty.
 *
 * @throws {FileError} `file_unreadable`
 * @throws {AuthenticatorError} `invalid_kubeconfig`
 */
export async function readKubeconfigTexts([first, ...others]: readonly [
  string,
  ...string[],
]): Promise<KubeconfigTexts> {
  return { files: [await readFileAt(first), ...(await Promise.all(others.map(readFileAt)))] }
}

function itemsOf(config: unknown, list: KubeconfigList): readonly unknown[] {
  const items = property(config, list)
  return Array.isArray(items) ? items : []
}

/** The names in a list in all files. */
export function entryNames({ files }: KubeconfigTexts, list: KubeconfigList): readonly string[] {
  return files.flatMap(({ config }) => itemsOf(config, list)).flatMap((item) => textAt(item, 'name') ?? [])
}

/** Finds an entry. As for kubectl, the first file that has the name wins. */
export function findEntry({ files }: KubeconfigTexts, list: KubeconfigList, name: string): FoundEntry | undefined {
  for (const { path, config } of files) {
    const item = itemsOf(config, list).find((candidate) => textAt(candidate, 'name') === name)
    if (item !== undefined) return { path, value: property(item, INNER[list]) }
  }
  return undefined
}

/** The current context, from the first file that sets one. */
export function currentContextOf({ files }: KubeconfigTexts): string | undefined {
  return files.map(({ config }) => textAt(config, 'current-context')).find((name) => (name ?? '') !== '')
}
