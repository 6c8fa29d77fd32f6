import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import { printableYaml } from '@aws-iam-authenticator/core/edit/printable-yaml'
import type { KubernetesObject } from './list-watch.ts'

/** An object as kubectl shows it: YAML with sorted keys, without the record of who manages which field. */
export function formatObject(object: KubernetesObject): string {
  const metadata = isRecord(object['metadata']) ? { ...object['metadata'] } : {}
  delete metadata['managedFields']
  return printableYaml(
    { ...object, metadata },
    { version: '1.1', lineWidth: 0, blockQuote: 'literal', sortMapEntries: true },
  )
}
