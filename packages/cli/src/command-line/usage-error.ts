/** A command line that can't be understood. The command prints the message with its usage and exits with 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
