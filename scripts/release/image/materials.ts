import { serialNumberOf, type BillOfMaterials, type Component } from '../bill-of-materials.ts'
import type { DebianPackage } from './build.ts'
import { debianUrl } from './provenance.ts'

/** The licences of the files that the image has from these packages. */
const LICENSES: ReadonlyMap<string, string> = new Map([
  ['libc6', 'LGPL-2.1-or-later'],
  ['ca-certificates', 'MPL-2.0'],
])

/** Returns the licences of everything in an image, as an SPDX expression. */
export function imageLicenses(executables: readonly BillOfMaterials[]): string {
  const components = executables.flatMap(({ metadata, components: parts }) => [metadata.component, ...parts])
  return [
    ...new Set([
      ...components.flatMap(({ licenses = [] }) => licenses.map(({ expression }) => expression)),
      ...LICENSES.values(),
    ]),
  ]
    .toSorted()
    .join(' AND ')
}

function debianComponent(debian: DebianPackage): Component {
  const license = LICENSES.get(debian.name)
  if (license === undefined) throw new Error(`no licence of Debian's package ${debian.name}`)
  const purl = debianUrl(debian)
  return {
    type: 'library',
    'bom-ref': purl,
    name: debian.name,
    version: debian.version,
    hashes: [{ alg: 'SHA-256', content: debian.sha256 }],
    licenses: [{ expression: license }],
    purl,
  }
}

/** The parts of an image that its bill of materials lists. */
export interface ImageContents {
  /** The bill of materials of the executable. */
  readonly executable: BillOfMaterials
  readonly debian: readonly DebianPackage[]
  readonly architecture: string
}

/** Returns the bill of materials of the image with this digest: the executable with all its parts, and Debian's packages. */
export function imageBillOfMaterials(
  { executable, debian, architecture }: ImageContents,
  digest: string,
): BillOfMaterials {
  const { metadata, components, dependencies } = executable
  const application = metadata.component
  const purl = `pkg:oci/aws-iam-authenticator@${encodeURIComponent(digest)}?arch=${architecture}`
  const image = {
    type: 'container',
    'bom-ref': purl,
    name: application.name,
    version: application['version'],
    purl,
  } as const
  const packages = debian.map(debianComponent)
  return {
    ...executable,
    serialNumber: serialNumberOf(JSON.stringify([executable.serialNumber, packages, digest])),
    metadata: { ...metadata, component: image },
    components: [application, ...components, ...packages],
    dependencies: [
      { ref: purl, dependsOn: [application, ...packages].map((component) => component['bom-ref']) },
      ...dependencies,
      ...packages.map((component) => ({ ref: component['bom-ref'] })),
    ],
  }
}
