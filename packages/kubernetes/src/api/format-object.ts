import { isRecord } from '@aws-iam-authenticator/core/untrusted'
import { printableYaml } from '@aws-iam-authenticator/core/edit/printable-yaml'
import type { KubernetesObject } from './list-watch.ts'

/** Formats an object as kubectl shows it: YAML with sorted keys, without `managedFields`. */
export function formatObject(object: KubernetesObject): string {
  const metadata = isRecord(object['metadata']) ? { ...object['metadata'] } : {}
  delete metadata['managedFields']
  return printableYaml(
    { ...object, metadata },
    { version: '1.1', lineWidth: 0, blockQuote: 'literal', sortMapEntries: true },
  )
}
