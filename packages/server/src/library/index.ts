export {
  createVerifier,
  type CallerIdentity,
  type TokenVerifier,
  type TokenVerifierOptions,
  type Verification,
} from './token-verifier.ts'
