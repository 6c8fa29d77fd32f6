import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { FileError, messageOf, property, textAt } from '@aws-iam-authenticator/core'
import { parse } from 'yaml'
import type { KubernetesCluster, KubernetesTls } from './connection.ts'

/** One named list of a kubeconfig: the inner value of the item of that name. */
function named(config: unknown, list: string, inner: string, name: string | undefined): unknown {
  const items = property(config, list)
  const item: unknown = Array.isArray(items) ? items.find((candidate) => textAt(candidate, 'name') === name) : undefined
  return property(item, inner)
}

/**
 * The API server that the current context of a kubeconfig names. `master` takes the place of its URL.
 *
 * @throws {FileError} The file, or one that it names, can't be read or lacks what is needed.
 * @see {@link https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ | kubeconfig (v1)}
 */
export async function fromKubeconfig(path: string, master: string | null): Promise<KubernetesCluster> {
  const read = async (file: string): Promise<string> => {
    try {
      return await readFile(resolve(dirname(path), file), 'utf8')
    } catch (error) {
      throw new FileError('file_unreadable', `kubeconfig ${path}: can't read ${file}: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }
  let config: unknown
  const text = await read(path)
  try {
    config = parse(text)
  } catch (error) {
    throw new FileError('file_invalid', `kubeconfig ${path} is no valid YAML: ${messageOf(error)}`, { cause: error })
  }
  const invalid = (message: string): FileError => new FileError('file_invalid', `kubeconfig ${path}: ${message}`)

  const context = named(config, 'contexts', 'context', textAt(config, 'current-context'))
  const cluster = named(config, 'clusters', 'cluster', textAt(context, 'cluster'))
  const user = named(config, 'users', 'user', textAt(context, 'user'))
  const server = master ?? textAt(cluster, 'server')
  if (server === undefined) throw invalid('its current-context leads to no cluster with a server')
  if (!URL.canParse(server)) throw invalid(`the server "${server}" is no URL`)
  for (const unsupported of ['exec', 'auth-provider']) {
    if (property(user, unsupported) !== undefined) {
      throw invalid(
        `a user with ${unsupported} can't be used by the server: give it a token, tokenFile or client certificate`,
      )
    }
  }

  /** A PEM that stands in the file in base64, or in a file of its own. */
  const pem = async (value: unknown, name: string): Promise<string | undefined> => {
    const data = textAt(value, `${name}-data`)
    const file = textAt(value, name)
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
    return file === undefined ? undefined : read(file)
  }
  const ca = await pem(cluster, 'certificate-authority')
  const cert = await pem(user, 'client-certificate')
  const key = await pem(user, 'client-key')
  const servername = textAt(cluster, 'tls-server-name')
  const tls: KubernetesTls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(servername === undefined ? {} : { servername }),
    ...(property(cluster, 'insecure-skip-tls-verify') === true ? { rejectUnauthorized: false } : {}),
  }

  const token = textAt(user, 'token')
  const tokenFile = textAt(user, 'tokenFile')
  const username = textAt(user, 'username')
  const authorization = async (): Promise<string | null> => {
    if (tokenFile !== undefined) return `Bearer ${(await read(tokenFile)).trim()}`
    if (token !== undefined) return `Bearer ${token}`
    if (username === undefined) return null
    return `Basic ${Buffer.from(`${username}:${textAt(user, 'password') ?? ''}`).toString('base64')}`
  }
  return { server, tls, authorization }
}
