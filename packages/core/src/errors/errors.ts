import { formatProblem, type Problem } from './problem.ts'

/**
 * The base of every error this product throws on purpose.
 *
 * `code` is one of a closed list in each subclass: callers and tests decide by it, never by the prose of `message`.
 * Neither `message` nor `cause` may hold a token, a presigned URL, a signature or a secret.
 */
export class AuthenticatorError<Code extends string = string> extends Error {
  override readonly name: string = 'AuthenticatorError'
  readonly code: Code
  /** What to show, line by line: the message, unless the error has details. */
  readonly lines: readonly string[]

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.lines = [message]
  }
}

/** What went wrong with a file: `message` names the path and what to do about it. */
export type FileErrorCode =
  | 'file_unreadable'
  | 'file_unwritable'
  | 'file_invalid'
  /** Its owner or its mode lets others change it, or read what is secret. */
  | 'file_unsafe'
  | 'key_pair_incomplete'
  | 'key_pair_mismatch'

/** A file that can't be read, can't be written or holds something else than it should. */
export class FileError extends AuthenticatorError<FileErrorCode> {
  override readonly name = 'FileError'
}

/** A configuration that can't be used: `problems` says each place and what to write instead. */
export class ConfigurationError extends AuthenticatorError<'invalid_configuration'> {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly Problem[]
  override readonly lines: readonly string[]

  /** @param options `details`: lines after the first one, by default one for each problem. */
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
