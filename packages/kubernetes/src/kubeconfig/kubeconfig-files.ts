import { basename, dirname, resolve } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { readYamlValue } from '@aws-iam-authenticator/core/document/read-yaml'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import { LineCounter, YAMLParseError } from 'yaml'

/** A kubeconfig file as it is written. */
interface KubeconfigFile {
  readonly path: string
  readonly config: unknown
}

/** What an entry of that name says, and the kubeconfig that it stands in; the value is undefined where none has it. */
export interface Entry {
  readonly value: unknown
  readonly path: string
}

/**
 * Reads a file that a kubeconfig names, relative to its folder.
 *
 * @throws {FileError} `file_unreadable`; its cause is the system's error.
 */
export async function readBeside(path: string, file: string): Promise<string> {
  try {
    return await readRegularFile(resolve(dirname(path), file))
  } catch (error) {
    throw new FileError('file_unreadable', `kubeconfig ${path}: can't read ${file}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

async function readFileAt(path: string): Promise<KubeconfigFile> {
  const text = await readBeside(path, basename(path))
  const lines = new LineCounter()
  try {
    // Its pretty errors would quote the line, and so a token.
    return { path, config: readYamlValue(text, { prettyErrors: false, lineCounter: lines }) }
  } catch (error) {
    const place = error instanceof YAMLParseError ? lines.linePos(error.pos[0]) : null
    const where = place === null ? path : `${path}:${place.line}:${place.col}`
    throw new FileError('file_invalid', `kubeconfig ${where} is no valid YAML: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Reads the files that together are one kubeconfig. As for kubectl, those that are not there count for nothing as long as
 * one is.
 *
 * @throws {FileError} One can't be read or is no YAML, or none is there.
 */
export async function readKubeconfigFiles(paths: readonly string[]): Promise<readonly KubeconfigFile[]> {
  const files: KubeconfigFile[] = []
  let missing: FileError | null = null
  for (const path of paths) {
    try {
      files.push(await readFileAt(path))
    } catch (error) {
      if (!(error instanceof FileError) || property(error.cause, 'code') !== 'ENOENT') throw error
      missing ??= error
    }
  }
  if (files.length === 0 && missing !== null) throw missing
  return files
}

/** The items of one of a kubeconfig's lists. */
function itemsOf({ config }: KubeconfigFile, list: string): readonly unknown[] {
  const items = property(config, list)
  return Array.isArray(items) ? items : []
}

/** The names in a list, of all files. */
export function namesOf(files: readonly KubeconfigFile[], list: string): string[] {
  return [...new Set(files.flatMap((file) => itemsOf(file, list).map((item) => textAt(item, 'name') ?? '')))]
}

/** The context that is the current one: of the first file that has one. */
export function currentContext(files: readonly KubeconfigFile[]): string | undefined {
  return files.map(({ config }) => textAt(config, 'current-context')).find((name) => (name ?? '') !== '')
}

/**
 * The inner value of the item of that name in a list. The first file that has the name wins, with all that it says: nothing
 * is added to it from another file's.
 *
 * @see {@link https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files | Merging kubeconfig files}
 */
export function entryNamed(
  files: readonly KubeconfigFile[],
  list: string,
  inner: string,
  name: string | undefined,
): Entry {
  for (const file of files) {
    const item = itemsOf(file, list).find((candidate) => textAt(candidate, 'name') === name)
    if (item !== undefined) return { value: property(item, inner), path: file.path }
  }
  return { value: undefined, path: files.map(({ path }) => path).join(', ') }
}
