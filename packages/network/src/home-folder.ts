import { firstSet, type Environment } from './environment.ts'

// Rarely needed, so `node:os` is loaded on demand.
function homeOfUser(): string {
  return process.getBuiltinModule('node:os').homedir()
}

/**
 * The home folder of the user. In a container without HOME, whose user has no entry in /etc/passwd, it is the root folder,
 * as for container runtimes. Never the working folder, which anyone may have filled.
 */
export function homeFolder(
  environment: Environment,
  names: readonly string[] = ['HOME', 'USERPROFILE'],
  homeFromSystem: () => string = homeOfUser,
): string {
  const named = firstSet(environment, ...names)?.value
  if (named !== undefined) return named
  try {
    return homeFromSystem()
  } catch {
    return '/'
  }
}
