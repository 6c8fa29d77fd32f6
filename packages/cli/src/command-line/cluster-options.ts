import { KUBECONFIG as ADD_KUBECONFIG, KUBECONFIG_CONTEXT, MASTER_URL } from './add-options.ts'
import { flag, type Option } from './option.ts'

export { KUBECONFIG_CONTEXT, MASTER_URL }

export const CLUSTER: Option<boolean> = flag({
  flag: 'cluster',
  description: 'Read aws-auth and the IAMIdentityMappings of the cluster that the kubeconfig leads to',
})
export const KUBECONFIG: Option<string | null> = {
  ...ADD_KUBECONFIG,
  description:
    'kubeconfig file path of someone who may read those; it stands for --cluster too. Without it: $KUBECONFIG, else ~/.kube/config',
}

/** The options that select a live cluster. */
export const CLUSTER_OPTIONS: readonly Option<unknown>[] = [CLUSTER, KUBECONFIG, KUBECONFIG_CONTEXT, MASTER_URL]
