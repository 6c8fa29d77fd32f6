export type { KeyPair, KeyType } from './certificate.ts'
export { HostError } from './host.ts'
export { initialize, type InitializeOptions, type Initialized } from './initialize.ts'
export {
  loadKeyPair,
  loadOrCreateKeyPair,
  prepareKeyPair,
  type KeyPairOptions,
  type LoadedKeyPair,
  type PreparedKeyPair,
} from './key-pair.ts'
export {
  certificatesOfKubeconfig,
  renderWebhookKubeconfig,
  type WebhookKubeconfigOptions,
} from './webhook-kubeconfig.ts'
export { stageFile, writeFileAtomically, type StagedFile, type WriteFileOptions } from './write-file.ts'
