import type { Problem } from '@aws-iam-authenticator/core/errors/problem'
import { VERSION } from '../release/version.ts'
import { formatJson } from '../terminal/style.ts'
import type { Report } from './report.ts'

/** What a severity means, as a rule of SARIF. */
const RULES: Readonly<Record<Problem['severity'], { readonly id: string; readonly meaning: string }>> = {
  error: { id: 'invalid', meaning: 'Rejects an entry or stops the server from starting' },
  warning: { id: 'ineffective', meaning: 'Has no effect or an unexpected one' },
}

function textOf({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`
}

/** Returns the URI reference of a path: relative if the path is relative. */
function uriOf(path: string): string {
  const slashed = process.platform === 'win32' ? path.replaceAll('\\', '/') : path
  const encoded = slashed.split('/').map(encodeURIComponent).join('/')
  if (slashed.startsWith('/')) return `file://${encoded}`
  // The drive of an absolute path on Windows.
  return /^[A-Za-z]%3A\//.test(encoded) ? `file:///${encoded.replace('%3A', ':')}` : encoded
}

function sarifResult(problem: Problem): object {
  const { severity, location, path } = problem
  const { source, line, column } = location
  return {
    ruleId: RULES[severity].id,
    level: severity,
    message: { text: textOf(problem) },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(source) },
          region: { startLine: line, startColumn: column },
        },
        ...(path === '' ? {} : { logicalLocations: [{ fullyQualifiedName: path }] }),
      },
    ],
  }
}

/**
 * Renders the report for code scanning.
 *
 * @see {@link https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html | SARIF 2.1.0}
 */
export function renderSarif({ findings }: Report): string {
  const rules = Object.entries(RULES).map(([level, { id, meaning }]) => {
    return { id, shortDescription: { text: meaning }, defaultConfiguration: { level } }
  })
  return formatJson({
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'aws-iam-authenticator lint', version: VERSION, rules } },
        columnKind: 'utf16CodeUnits',
        results: findings.map(sarifResult),
      },
    ],
  })
}

/** Escapes the text of a workflow command. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** Escapes the value of a property of a workflow command. */
function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

/**
 * Renders each finding as a workflow command, which GitHub shows beside the line.
 *
 * @see {@link https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands | Workflow commands}
 */
export function renderAnnotations({ findings }: Report): readonly string[] {
  return findings.map((finding) => {
    const { source, line, column } = finding.location
    const properties = `file=${escapeProperty(source)},line=${line},col=${column}`
    return `::${finding.severity} ${properties}::${escapeData(textOf(finding))}`
  })
}
