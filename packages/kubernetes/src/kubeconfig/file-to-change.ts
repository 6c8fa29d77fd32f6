import { delimiter, join } from 'node:path'
import { homeFolder } from '@aws-iam-authenticator/network/home-folder'
import type { Environment } from '@aws-iam-authenticator/network/environment'

/**
 * The kubeconfig files set by a flag or by the variable KUBECONFIG; empty if neither is set.
 *
 * @see {@link https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/ | The KUBECONFIG environment variable}
 */
export function namedKubeconfigFiles(explicit: string | null, environment: Environment): readonly string[] {
  if (explicit !== null) return [explicit]
  return [...new Set((environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== ''))]
}

/** The kubeconfig files that kubectl reads, in the same order. */
export function kubeconfigFiles(explicit: string | null, environment: Environment): readonly [string, ...string[]] {
  const [first, ...others] = namedKubeconfigFiles(explicit, environment)
  return first === undefined ? [join(homeFolder(environment), '.kube', 'config')] : [first, ...others]
}

/** A kubeconfig file. The text is undefined if it doesn't exist yet. */
export interface KubeconfigText {
  readonly path: string
  readonly text: string | undefined
}

/** Chooses the file to which kubectl would add an entry: the first that exists, else the last. */
export function fileToChange<File extends KubeconfigText>(files: readonly [File, ...File[]]): File {
  const [first] = files
  return files.find(({ text }) => text !== undefined) ?? files.at(-1) ?? first
}
