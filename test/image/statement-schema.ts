import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

const uri = { type: 'string', format: 'uri' } as const
const hex = { type: 'string', pattern: '^[0-9a-f]+$' } as const
const texts = { type: 'object', additionalProperties: { type: 'string' } } as const

function object(required: readonly string[], properties: Readonly<Record<string, object>>): object {
  return { type: 'object', required, properties, additionalProperties: false }
}

// A digest is hexadecimal. in-toto lists the names of algorithms.
const digest = {
  type: 'object',
  minProperties: 1,
  properties: {
    sha256: { pattern: '^[0-9a-f]{64}$' },
    sha512: { pattern: '^[0-9a-f]{128}$' },
    gitCommit: { pattern: '^[0-9a-f]{40}$' },
  },
  additionalProperties: false,
  patternProperties: { '^(sha256|sha512|gitCommit)$': hex },
} as const

const resource = {
  ...object([], { name: { type: 'string' }, uri, digest, downloadLocation: uri, mediaType: { type: 'string' } }),
  anyOf: [{ required: ['uri'] }, { required: ['digest'] }],
}
const resources = { type: 'array', items: resource } as const

const buildDefinition = object(['buildType', 'externalParameters'], {
  buildType: uri,
  externalParameters: { type: 'object', minProperties: 1 },
  internalParameters: { type: 'object' },
  resolvedDependencies: resources,
})

const runDetails = object(['builder'], {
  builder: object(['id'], { id: uri, version: texts, builderDependencies: resources }),
  metadata: object([], {
    invocationId: { type: 'string' },
    startedOn: { type: 'string', format: 'date-time' },
    finishedOn: { type: 'string', format: 'date-time' },
  }),
  byproducts: resources,
})

/**
 * Returns a validator of in-toto statements with SLSA provenance. SLSA has a definition for protocol buffers and no JSON
 * schema. This one has its fields, and allows no others.
 *
 * @see {@link https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md | in-toto statement 1}
 * @see {@link https://slsa.dev/spec/v1.0/provenance#schema | SLSA provenance 1.0}
 */
export function provenanceValidator(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats.default(ajv)
  const subject = { ...object(['digest'], { name: { type: 'string' }, uri, digest }) }
  return ajv.compile(
    object(['_type', 'subject', 'predicateType', 'predicate'], {
      _type: { const: 'https://in-toto.io/Statement/v1' },
      subject: { type: 'array', minItems: 1, items: subject },
      predicateType: { const: 'https://slsa.dev/provenance/v1' },
      predicate: object(['buildDefinition', 'runDetails'], { buildDefinition, runDetails }),
    }),
  )
}
