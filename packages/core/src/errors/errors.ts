import { formatProblem, type Problem } from './problem.ts'

/**
 * The base class of the errors of this product.
 *
 * Each subclass has a closed list of codes. Callers decide by `code`, never by the text of `message`. Neither `message` nor `cause` may
 * contain a token, a presigned URL, a signature or a secret.
 */
export class AuthenticatorError<Code extends string = string> extends Error {
  override readonly name: string = 'AuthenticatorError'
  readonly code: Code
  /** The lines to print: the message, and details if there are any. */
  readonly lines: readonly string[]

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.lines = [message]
  }
}

/** The codes of {@link FileError}. */
export type FileErrorCode =
  | 'file_unreadable'
  | 'file_unwritable'
  | 'file_invalid'
  /** Its owner or mode lets other users change it, or read a secret in it. */
  | 'file_unsafe'
  | 'key_pair_incomplete'
  | 'key_pair_mismatch'

/** A file that can't be read or written, or has invalid content. `message` names the path and the fix. */
export class FileError extends AuthenticatorError<FileErrorCode> {
  override readonly name = 'FileError'
}

/** An invalid configuration. `problems` has each location and its fix. */
export class ConfigurationError extends AuthenticatorError<'invalid_configuration'> {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly Problem[]
  override readonly lines: readonly string[]

  /** @param options `details`: the lines after the first one. Default: one for each problem. */
  constructor(
    message: string,
    problems: readonly Problem[] = [],
    { details = problems.map(formatProblem), ...options }: ErrorOptions & { readonly details?: readonly string[] } = {},
  ) {
    const lines = [message, ...details.map((detail) => `  ${detail}`)]
    super('invalid_configuration', lines.join('\n'), options)
    this.lines = lines
    this.problems = problems
  }
}
