import { firstSet, type Environment } from './environment.ts'

// Hardly ever asked for, and so not loaded before.
function homeOfUser(): string {
  return process.getBuiltinModule('node:os').homedir()
}

/**
 * The folder in which a person's own files are. In a container that names none, and whose user has no entry in its
 * /etc/passwd, it is the root folder, as container runtimes have it: never the working folder, which anybody may have filled.
 */
export function homeFolder(
  environment: Environment,
  names: readonly string[] = ['HOME', 'USERPROFILE'],
  ofUser: () => string = homeOfUser,
): string {
  const named = firstSet(environment, ...names)?.value
  if (named !== undefined) return named
  try {
    return ofUser()
  } catch {
    return '/'
  }
}
