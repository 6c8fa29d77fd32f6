import type { Command, CommandGroup } from '../command-line/command.ts'

const clear: Command = {
  name: 'clear',
  summary: 'Forget the credentials that token --cache keeps',
  description:
    'Removes all credentials that "token --cache" keeps on this machine. What other programs keep in the same file stays.',
  examples: ['aws-iam-authenticator cache clear'],
  options: [],
  run: async ({ environment, stderr }) => {
    const { cachePath } = await import('@aws-iam-authenticator/client/cache/cache-file')
    const { clearCredentialCache } = await import('@aws-iam-authenticator/client/cache/credential-cache')
    const path = cachePath(environment)
    try {
      const removed = await clearCredentialCache(path)
      const what = removed === 1 ? '1 set' : `${removed} sets`
      stderr.line(
        removed === 0 ? `nothing to remove: ${path} has no credentials` : `removed ${what} of credentials from ${path}`,
      )
      return 0
    } catch (error) {
      stderr.line(`could not clear the cache: ${error instanceof Error ? error.message : 'unknown error'}`)
      return 1
    }
  },
}

export const cache: CommandGroup = {
  name: 'cache',
  summary: 'Manage the credentials that token --cache keeps',
  description: 'Manages the credentials that "token --cache" keeps on this machine.',
  options: [],
  commands: [clear],
}
