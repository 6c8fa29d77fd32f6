import type { Command, CommandGroup } from '../command-line/command.ts'

function describeRemoved({ credentials, jwts }: { credentials: number; jwts: number }, path: string): string {
  if (credentials + jwts === 0) return `nothing to remove: ${path} has no credentials`
  const what = [
    ...(credentials === 0 ? [] : [credentials === 1 ? '1 set of credentials' : `${credentials} sets of credentials`]),
    ...(jwts === 0 ? [] : [jwts === 1 ? '1 JWT' : `${jwts} JWTs`]),
  ]
  return `removed ${what.join(' and ')} from ${path}`
}

const clear: Command = {
  name: 'clear',
  summary: 'Forget the credentials that token --cache keeps',
  description:
    'Removes all credentials and JWTs that "token --cache" keeps on this machine. What other programs keep in the same file stays.',
  examples: ['aws-iam-authenticator cache clear'],
  options: [],
  run: async ({ environment, stderr }) => {
    const { cachePath } = await import('@aws-iam-authenticator/client/cache/cache-file')
    const { clearCredentialCache } = await import('@aws-iam-authenticator/client/cache/credential-cache')
    const path = cachePath(environment)
    try {
      const removed = await clearCredentialCache(path)
      stderr.line(describeRemoved(removed, path))
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
