import type { Command } from '../command-line/command.ts'
import { CLUSTER_OPTIONS } from '../command-line/cluster-options.ts'
import { OUTPUT } from '../command-line/list-options.ts'

export const list: Command = {
  name: 'list',
  summary: 'List the mappings of all backends that can be read',
  positionals: '[FILE...]',
  takesFiles: true,
  description:
    'Lists which role or user maps to which Kubernetes user. Mappings come from the configuration file (-c), from files (manifests of ' +
    'aws-auth or IAMIdentityMappings, a dynamic file) and from a live cluster (--cluster). A backend that can not be read is named on ' +
    'stderr, and the others are listed. Exit code 1: none can be read.',
  examples: ['aws-iam-authenticator list --cluster', 'aws-iam-authenticator list -c config.yaml aws-auth.yaml -o wide'],
  options: [OUTPUT, ...CLUSTER_OPTIONS],
  run: async (context) => {
    const { list: listMappings } = await import('../list/list.ts')
    return listMappings(context)
  },
}
