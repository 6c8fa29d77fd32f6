// Writes the README of the Helm chart from the comments in its values.yaml: npx -y pnpm@12 exec node scripts/chart-readme.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml'

const CHART = join(dirname(dirname(fileURLToPath(import.meta.url))), 'deploy/helm/aws-iam-authenticator')
/** Longer defaults are in values.yaml alone. */
const MAX_DEFAULT = 60

/** A value of the chart with its comment. */
export interface DocumentedValue {
  /** Such as `metrics.podMonitor.enabled`. */
  readonly path: string
  readonly fallback: unknown
  /** The comment on one line; empty if there is none. */
  readonly description: string
}

function oneLine(comment: string | null | undefined): string {
  // A paragraph of its own, such as that at the start of the file, is not about the value.
  const [paragraph = ''] = (comment ?? '').split(/\n\s*\n/).slice(-1)
  return paragraph
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
}

/** Reads the values of a map. A map whose own keys have no comments is one value. */
function readValues(map: YAMLMap, prefix: string): DocumentedValue[] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) throw new TypeError(`${prefix}: a key is not a text`)
    const path = `${prefix}${String(key.value)}`
    // The parser gives the comment of the first key to the map.
    const description = oneLine(index === 0 ? (map.commentBefore ?? key.commentBefore) : key.commentBefore)
    const below = isMap(value) ? readValues(value, `${path}.`) : []
    if (below.some((child) => child.description !== '')) return below
    const fallback: unknown = isMap(value) || !isScalar(value) ? JSON.parse(JSON.stringify(value)) : value.value
    return [{ path, fallback, description }]
  })
}

/** Reads all values of the chart. */
export function documentedValues(): readonly DocumentedValue[] {
  const { contents } = parseDocument(readFileSync(join(CHART, 'values.yaml'), 'utf8'))
  if (!isMap(contents)) throw new TypeError('values.yaml is not a map')
  return readValues(contents, '')
}

function row({ path, fallback, description }: DocumentedValue): string {
  const text = JSON.stringify(fallback)
  const shown = text.length > MAX_DEFAULT ? '[values.yaml](values.yaml)' : `\`${text}\``
  return `| \`${path}\` | ${shown} | ${description} |`
}

/** Returns the README of the chart. */
export function chartReadme(): string {
  const rows = documentedValues().map(row).join('\n')
  return `<!-- Written by scripts/chart-readme.ts from values.yaml. -->
# Helm chart of aws-iam-authenticator

The chart runs the server of aws-iam-authenticator on each control-plane node: a DaemonSet in kube-system with minimal rights. First
prepare the nodes and the API server, as the guide docs/install.md describes.

\`\`\`yaml
# values.yaml
clusterID: k8s.local
image:
  repository: 123456789012.dkr.ecr.us-west-2.amazonaws.com/aws-iam-authenticator
backends: [EKSConfigMap, MountedFile]
server:
  mapRoles:
    - rolearn: arn:aws:iam::123456789012:role/Admin
      username: admin:{{SessionName}}
      groups: [system:masters]
# Only for kubeadm and Cluster API: the API server's folder.
outputPath: /etc/kubernetes/aws-iam-authenticator/
\`\`\`

\`\`\`sh
helm upgrade --install aws-iam-authenticator deploy/helm/aws-iam-authenticator --namespace=kube-system --values=values.yaml
\`\`\`

To keep the chart in a registry: \`helm package deploy/helm/aws-iam-authenticator\`, then \`helm push\` with your \`oci://\` URL.

## Values

A misspelled key or a wrong value is an error that names its place, before anything is applied. A change of the configuration rolls the
DaemonSet, one node after the other. \`server\` has all keys of docs/configuration.md, in the case that is shown there, except those that the
chart sets.

| Value | Default | Meaning |
| --- | --- | --- |
${rows}
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(CHART, 'README.md'), chartReadme())
