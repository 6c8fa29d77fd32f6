export {
  createVerifier,
  type CallerIdentity,
  type RefusedToken,
  type TokenVerifier,
  type TokenVerifierOptions,
  type Verification,
} from './token-verifier.ts'
