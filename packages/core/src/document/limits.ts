/** The limited properties of a document. */
type DocumentLimit = 'length' | 'tokens' | 'aliases' | 'values' | 'mergedPairs' | 'depth' | 'problems'

/**
 * Limits for reading one document: configuration, aws-auth, dynamic file, manifest or kubeconfig.
 *
 * The largest ConfigMap that Kubernetes stores has 1 MiB, which is some 11,000 mappings, 309,000 tokens and 100,000 values. The limits
 * leave room for that and keep the work linear in the length of the text.
 */
export const DOCUMENT_LIMITS: Readonly<Record<DocumentLimit, number>> = {
  /** UTF-16 code units, at most as many as the text has bytes. */
  length: 4_194_304,
  /** Tokens of the YAML lexer. */
  tokens: 330_000,
  /** Aliases (`*name`). */
  aliases: 1_000,
  /** Values, where each alias counts as all values that it stands for. */
  values: 400_000,
  /** Pairs that merge keys (`<<`) copy. */
  mergedPairs: 10_000,
  /** Lists and maps within each other. No mapping needs more than five. */
  depth: 64,
  /** Reported problems. Further ones are only counted. */
  problems: 100,
}
