/** Keys that the guides may use, by the file in which a release defines them. No module with their schema can be downloaded. */
export interface Facts {
  /** A page of docs/guides, without its extension. */
  readonly page: string
  /** The repository, the file and the release. */
  readonly source: string
  /** Full paths of the keys. A key of a list's items follows `[]`. */
  readonly keys: readonly string[]
}

const K3S = ['kube-apiserver-arg[]']

export const FACTS: readonly Facts[] = [
  {
    page: 'kops',
    source: 'kubernetes/kops pkg/apis/kops/v1alpha2/cluster.go and componentconfig.go, 1.36',
    keys: [
      ...['image', 'clusterID', 'backendMode', 'memoryRequest', 'memoryLimit', 'cpuRequest', 'cpuLimit'].map(
        (key) => `spec.authentication.aws.${key}`,
      ),
      'spec.kubeAPIServer.authenticationTokenWebhookConfigFile',
    ],
  },
  { page: 'k3s', source: 'k3s-io/k3s pkg/cli/cmds/server.go, v1.36.1+k3s1', keys: K3S },
  {
    page: 'rke2',
    source: 'rancher/rke2 pkg/cli/cmds/root.go and pkg/podtemplate/podtemplate.go, v1.36.1+rke2r1',
    keys: [...K3S, 'kube-apiserver-extra-mount[]'],
  },
  {
    page: 'talos',
    source: 'siderolabs/talos pkg/machinery/config/types/v1alpha1/v1alpha1_types.go, 1.13',
    keys: [
      ...['op', 'path', 'permissions', 'content'].map((key) => `machine.files[].${key}`),
      'cluster.apiServer.extraArgs.authentication-token-webhook-config-file',
      ...['hostPath', 'mountPath', 'readonly'].map((key) => `cluster.apiServer.extraVolumes[].${key}`),
    ],
  },
  {
    page: 'eks-anywhere',
    source: 'aws/eks-anywhere config/crd/bases: awsiamconfigs and clusters, 2025',
    keys: [
      'apiVersion',
      'kind',
      'metadata.name',
      'spec.awsRegion',
      'spec.partition',
      'spec.backendMode[]',
      ...['roleARN', 'username', 'groups[]'].map((key) => `spec.mapRoles[].${key}`),
      ...['kind', 'name'].map((key) => `spec.identityProviderRefs[].${key}`),
      'spec.controlPlaneConfiguration.labels.iam-authenticator',
    ],
  },
]
