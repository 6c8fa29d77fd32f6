/** An invalid command line. The command prints the message with how to get its help, and exits with 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
