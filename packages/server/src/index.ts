export {
  createVerifier,
  type CallerIdentity,
  type TokenVerifier,
  type TokenVerifierOptions,
  type Verification,
} from './library/token-verifier.ts'
