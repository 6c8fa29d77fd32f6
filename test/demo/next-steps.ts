/** What to do after the demo. */
interface NextStep {
  /** The cluster or machine. */
  readonly where: string
  readonly what: string
  readonly commands: readonly string[]
  /** The page that explains it, from the root of the repository. */
  readonly page: string
}

export const NEXT_STEPS: readonly NextStep[] = [
  {
    where: 'kops',
    what: 'prepare the nodes, configure the API server, run the server',
    commands: ['kops edit cluster', 'kubectl apply -k deploy/manifests/overlays/aws-auth'],
    page: 'docs/guides/kops.md',
  },
  {
    where: 'kubeadm',
    what: 'run init before the API server starts, then the server',
    commands: [
      'dist/aws-iam-authenticator init --cluster-id=CLUSTER',
      'kubectl apply -k deploy/manifests/overlays/aws-auth',
    ],
    page: 'docs/guides/kubeadm.md',
  },
  {
    where: 'EKS',
    what: 'its control plane runs a server already: check the mappings in its aws-auth',
    commands: ['dist/aws-iam-authenticator lint --cluster'],
    page: 'docs/lint.md#a-live-cluster',
  },
  {
    where: 'a laptop',
    what: 'log in with kubectl, and check each step of the login',
    commands: ['dist/aws-iam-authenticator kubeconfig -i CLUSTER -r ROLE', 'dist/aws-iam-authenticator doctor'],
    page: 'docs/configuration.md#kubeconfig',
  },
]
