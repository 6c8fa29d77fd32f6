import { join } from 'node:path'
import { textAt } from '@aws-iam-authenticator/core/untrusted'
import { parseAllDocuments } from 'yaml'
import { binariesRunHere, kubectl } from '@aws-iam-authenticator/sandbox/kubectl/kubectl'
import { runBinary } from '@aws-iam-authenticator/sandbox/kubectl/run-binary'
import { ROOT } from '../docs/documents.ts'

export const MANIFESTS: string = join(ROOT, 'deploy/manifests')

/** The overlays for a cluster. */
export const OVERLAYS = ['file', 'aws-auth', 'crd', 'govcloud'] as const

/** The objects of a YAML stream. @throws Error if a document cannot be parsed */
export function parseObjects(text: string): unknown[] {
  return parseAllDocuments(text).map((document): unknown => {
    const [error] = document.errors
    if (error !== undefined) throw new Error(error.message)
    const object: unknown = document.toJS()
    return object
  })
}

/** The output of `kubectl kustomize` for a folder. @throws Error with the message of kubectl */
export async function kustomize(folder: string): Promise<string> {
  const program = binariesRunHere ? await kubectl('1.35') : 'kubectl'
  const env = { HOME: '/', PATH: process.env['PATH'] ?? '' }
  const { code, stdout, stderr } = await runBinary(program, ['kustomize', folder], { cwd: ROOT, env })
  if (code !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`)
  return stdout
}

/** The objects of an overlay. */
export async function overlayObjects(overlay: string): Promise<unknown[]> {
  return parseObjects(await kustomize(join(MANIFESTS, 'overlays', overlay)))
}

/** The object of that kind and name. @throws Error if there is none, or more than one */
export function findObject(objects: readonly unknown[], kind: string, name = 'aws-iam-authenticator'): unknown {
  const found = objects.filter(
    (object) => textAt(object, 'kind') === kind && textAt(object, 'metadata', 'name') === name,
  )
  if (found.length !== 1) throw new Error(`${found.length} objects ${kind} ${name}`)
  return found[0]
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function texts(value: unknown): readonly string[] {
  return list(value).map(String)
}
