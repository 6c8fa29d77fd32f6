export { answerDocumentTask } from './backends/document-reader.ts'
export { IdentityMappings } from './backends/identity-mappings.ts'
export {
  createKubernetesApi,
  type ConnectKubernetes,
  type KubernetesApi,
  type KubernetesCluster,
  type KubernetesTls,
} from './kubernetes/connection.ts'
export { fromPersonalKubeconfig, type PersonalCluster } from './kubernetes/exec-credential-process.ts'
export { formatObject } from './kubernetes/format-object.ts'
export { inCluster } from './kubernetes/in-cluster.ts'
export { fromKubeconfig, type KubeconfigChoice } from './kubernetes/kubeconfig.ts'
export { listObjects, type KubernetesObject } from './kubernetes/list-watch.ts'
export { createStsClient, type AskSts, type StsObserver, type StsOptions } from './sts.ts'
export { startServer, type RunningServer, type ServerSettings, type ServerSurroundings } from './server.ts'
export { createVerifier, type Verified, type Verify, type VerifyOptions } from './verify.ts'
