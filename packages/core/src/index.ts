export { AuthenticatorError, FileError, type FileErrorCode } from './errors.ts'
