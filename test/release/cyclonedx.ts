import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const SCHEMAS = join(ROOT, 'node_modules/@cyclonedx/cyclonedx-library/res/schema')

function schema(name: string): object {
  const parsed: unknown = JSON.parse(readFileSync(join(SCHEMAS, name), 'utf8'))
  if (typeof parsed !== 'object' || parsed === null) throw new Error(`${name} is not a schema`)
  return parsed
}

/** Returns a validator of CycloneDX 1.6. */
export function cyclonedxValidator(): ValidateFunction {
  // No field that we write uses these two formats.
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { 'idn-email': true, 'iri-reference': true } })
  formats.default(ajv)
  ajv.addSchema(schema('spdx.SNAPSHOT.schema.json'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json')
  ajv.addSchema(schema('jsf-0.82.SNAPSHOT.schema.json'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json')
  return ajv.compile(schema('bom-1.6.SNAPSHOT.schema.json'))
}
