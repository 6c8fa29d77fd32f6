/** What of a document is limited. */
type DocumentLimit = 'length' | 'tokens' | 'aliases' | 'values' | 'mergedPairs' | 'depth' | 'problems'

/**
 * Limits on the work of reading one document, whatever it is: configuration, aws-auth, dynamic file, manifest, kubeconfig.
 *
 * The largest ConfigMap that Kubernetes stores has 1 MiB, which is some 11,000 mappings, 309,000 tokens and 100,000 values. The limits
 * leave room for that and keep the work linear in the length of the text.
 */
export const DOCUMENT_LIMITS: Readonly<Record<DocumentLimit, number>> = {
  /** UTF-16 code units, at most as many as the text has bytes. */
  length: 4_194_304,
  /** Tokens of YAML: what a lexer cuts the text into. */
  tokens: 330_000,
  /** Aliases (`*name`). */
  aliases: 1_000,
  /** Values, where each alias counts as all values that it stands for. */
  values: 400_000,
  /** Pairs that merge keys (`<<`) copy. */
  mergedPairs: 10_000,
  /** Lists and maps within each other. No mapping needs more than five. */
  depth: 64,
  /** Problems that are reported; those after them are counted. */
  problems: 100,
}
