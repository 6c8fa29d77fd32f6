import { join } from 'node:path'
import type { Log } from '@aws-iam-authenticator/core/log/log'
import { readRegularFile } from '@aws-iam-authenticator/files/read-regular-file'
import { prepareKeyPair } from '@aws-iam-authenticator/init/pair/key-pair'
import { renderWebhookKubeconfig } from '@aws-iam-authenticator/init/webhook-kubeconfig'
import { stageFile, type StagedFile } from '@aws-iam-authenticator/files/write/write-file'
import type { KeyPair, KeyType } from '@aws-iam-authenticator/init/pair/certificate'

/** The places and contents of the server's files on its node. */
interface NodeFilesOptions {
  readonly stateDir: string
  readonly hostname: string
  readonly address: string
  readonly port: number
  readonly keyType: KeyType
  readonly kubeconfigPath: string
  readonly kubeconfigPregenerated: boolean
  readonly log: Log
  readonly now: () => Date
}

/** The server's files: read or generated, but not written yet. */
export interface NodeFiles {
  readonly certificatePath: string
  readonly keyPath: string
  readonly pair: KeyPair
  /**
   * Writes new files. Returns the pair on disk, which another process may have written first.
   *
   * @throws {FileError} The pair or the kubeconfig can't be written. Existing files are unchanged.
   */
  write(): Promise<KeyPair>
}

/** Whether the file has this text already. Then it is not written, so that a restart works on a full or read-only disk. */
async function holds(path: string, text: string): Promise<boolean> {
  return (await readRegularFile(path).catch(() => null)) === text
}

/**
 * Loads or generates the TLS pair, and renders the webhook kubeconfig. Nothing is written until the server listens: a failed start
 * leaves existing files unchanged.
 *
 * @throws {FileError} The pair can't be read or is invalid.
 * @throws {HostError} The hostname or the address is invalid.
 */
export async function prepareNodeFiles(options: NodeFilesOptions): Promise<NodeFiles> {
  const { stateDir, hostname, address, port, keyType, kubeconfigPath, kubeconfigPregenerated, log, now } = options
  const certificatePath = join(stateDir, 'cert.pem')
  const keyPath = join(stateDir, 'key.pem')
  const prepared = await prepareKeyPair({ certificatePath, keyPath, hostname, address, keyType, now: now() })

  const stageKubeconfig = async (certificatePem: string): Promise<StagedFile | null> => {
    if (kubeconfigPregenerated) return null
    const kubeconfig = renderWebhookKubeconfig({ hostname, port, certificatePem })
    if (await holds(kubeconfigPath, kubeconfig)) return null
    return stageFile(kubeconfigPath, kubeconfig, { mode: 0o644, makeDirectory: true })
  }
  const write = async (): Promise<KeyPair> => {
    let staged = await stageKubeconfig(prepared.certificatePem)
    try {
      const pair = await prepared.publish()
      log.info(pair.created ? 'made a new TLS pair' : 'loaded the TLS pair', { stateDir })
      if (pair.certificatePem !== prepared.certificatePem) {
        await staged?.discard()
        staged = await stageKubeconfig(pair.certificatePem)
      }
      if (staged !== null) {
        await staged.commit()
        log.info('wrote the webhook kubeconfig', { kubeconfigPath })
      }
      return pair
    } catch (error) {
      await staged?.discard()
      throw error
    }
  }
  return { certificatePath, keyPath, pair: prepared, write }
}
