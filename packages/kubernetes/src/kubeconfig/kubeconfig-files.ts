import { basename, dirname, resolve } from 'node:path'
import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { messageOf, property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { readYamlValue } from '@aws-iam-authenticator/core/document/read-yaml'
import { describeFailure } from '@aws-iam-authenticator/files/system-failure'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import { LineCounter, YAMLParseError } from 'yaml'

/** A kubeconfig file and its content. */
interface KubeconfigFile {
  readonly path: string
  readonly config: unknown
}

/** The value of a named entry and the kubeconfig that has it. The value is undefined if no file has the entry. */
export interface Entry {
  readonly value: unknown
  readonly path: string
}

/**
 * Reads a file that a kubeconfig refers to, relative to its folder.
 *
 * @throws {FileError} `file_unreadable`; its cause is the system's error.
 */
export async function readBeside(path: string, file: string): Promise<string> {
  try {
    return await readRegularFile(resolve(dirname(path), file))
  } catch (error) {
    const what = file === basename(path) ? `can't read kubeconfig ${path}` : `kubeconfig ${path}: can't read ${file}`
    throw new FileError('file_unreadable', `${what}: ${describeFailure(error)}`, { cause: error })
  }
}

async function readFileAt(path: string): Promise<KubeconfigFile> {
  const text = await readBeside(path, basename(path))
  const lines = new LineCounter()
  try {
    // Pretty errors would quote the line, which may hold a token.
    return { path, config: readYamlValue(text, { prettyErrors: false, lineCounter: lines }) }
  } catch (error) {
    const place = error instanceof YAMLParseError ? lines.linePos(error.pos[0]) : null
    const where = place === null ? path : `${path}:${place.line}:${place.col}`
    throw new FileError('file_invalid', `kubeconfig ${where} is not valid YAML: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Reads the files that form one kubeconfig. Like kubectl, ignores missing files if at least one exists.
 *
 * @throws {FileError} A file can't be read or is not YAML, or no file exists.
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

/** The items of a list of a kubeconfig. */
function itemsOf({ config }: KubeconfigFile, list: string): readonly unknown[] {
  const items = property(config, list)
  return Array.isArray(items) ? items : []
}

/** The names in a list in all files. */
export function namesOf(files: readonly KubeconfigFile[], list: string): string[] {
  return [...new Set(files.flatMap((file) => itemsOf(file, list).map((item) => textAt(item, 'name') ?? '')))]
}

/** The current context, from the first file that sets one. */
export function currentContext(files: readonly KubeconfigFile[]): string | undefined {
  return files.map(({ config }) => textAt(config, 'current-context')).find((name) => (name ?? '') !== '')
}

/**
 * Finds the inner value of the named item in a list. The first file with the name is used as a whole. Values are not merged
 * with other files.
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
