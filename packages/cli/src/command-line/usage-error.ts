/** An invalid command line. The command prints the message and its usage, and exits with 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
