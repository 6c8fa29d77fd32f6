import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { didYouMean, FileError, messageOf, property, textAt } from '@aws-iam-authenticator/core'
import { LineCounter, parse, YAMLParseError } from 'yaml'
import type { KubernetesCluster, KubernetesTls } from './connection.ts'

/** One named list of a kubeconfig: the inner value of the item of that name. */
function named(config: unknown, list: string, inner: string, name: string | undefined): unknown {
  const items = property(config, list)
  const item: unknown = Array.isArray(items) ? items.find((candidate) => textAt(candidate, 'name') === name) : undefined
  return property(item, inner)
}

/** Which part of a kubeconfig is meant. */
export interface KubeconfigChoice {
  /** Takes the place of the cluster's URL. */
  readonly master: string | null
  /** Default: the kubeconfig's current-context. */
  readonly context?: string | null
}

/** What one context of a kubeconfig says. */
export interface Kubeconfig extends KubernetesCluster {
  /** The user's exec plugin as it is written; undefined where the user has none. */
  readonly exec: unknown
  /** The cluster's entry as it is written. */
  readonly cluster: unknown
}

function namesOf(config: unknown, list: string): string[] {
  const items = property(config, list)
  return Array.isArray(items) ? items.map((item) => textAt(item, 'name') ?? '') : []
}

/**
 * The API server that a kubeconfig leads the server to.
 *
 * @throws {FileError} As `readKubeconfig`, or the user has an exec plugin: those are for people.
 */
export async function fromKubeconfig(path: string, master: string | null): Promise<KubernetesCluster> {
  const kubeconfig = await readKubeconfig(path, { master })
  if (kubeconfig.exec === undefined) return kubeconfig
  throw new FileError(
    'file_invalid',
    `kubeconfig ${path}: a user with exec can't be used by the server: give it a token, tokenFile or client certificate`,
  )
}

/**
 * Reads one context of a kubeconfig.
 *
 * @throws {FileError} The file, or one that it names, can't be read or lacks what is needed.
 * @see {@link https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ | kubeconfig (v1)}
 */
export async function readKubeconfig(path: string, choice: KubeconfigChoice): Promise<Kubeconfig> {
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
  const lines = new LineCounter()
  try {
    // Its pretty errors would quote the line, and so a token.
    config = parse(text, { prettyErrors: false, lineCounter: lines })
  } catch (error) {
    const place = error instanceof YAMLParseError ? lines.linePos(error.pos[0]) : null
    const where = place === null ? path : `${path}:${place.line}:${place.col}`
    throw new FileError('file_invalid', `kubeconfig ${where} is no valid YAML: ${messageOf(error)}`, { cause: error })
  }
  const invalid = (message: string): FileError => new FileError('file_invalid', `kubeconfig ${path}: ${message}`)

  const contextName = choice.context ?? textAt(config, 'current-context')
  const context = named(config, 'contexts', 'context', contextName)
  const cluster = named(config, 'clusters', 'cluster', textAt(context, 'cluster'))
  const user = named(config, 'users', 'user', textAt(context, 'user'))
  if (typeof choice.context === 'string' && context === undefined) {
    const names = namesOf(config, 'contexts')
    const hint = didYouMean(choice.context, names) || `: it has ${names.join(', ') || 'none'}`
    throw invalid(`it has no context "${choice.context}"${hint}`)
  }
  const server = choice.master ?? textAt(cluster, 'server')
  if (server === undefined) throw invalid(`its context "${contextName ?? ''}" leads to no cluster with a server`)
  if (!URL.canParse(server)) throw invalid(`the server "${server}" is no URL`)
  if (property(user, 'auth-provider') !== undefined) {
    throw invalid(`a user with auth-provider can't be used: give it exec, a token, tokenFile or client certificate`)
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
  return { server, tls, authorization, exec: property(user, 'exec'), cluster }
}
