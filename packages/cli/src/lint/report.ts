import type { FileKind } from '@aws-iam-authenticator/core/manifest/recognize'
import type { Problem } from '@aws-iam-authenticator/core/errors/problem'
import { formatJson, type Style } from '../terminal/style.ts'
import { wrap } from '../terminal/wrap.ts'
import type { Line, Painted } from '../terminal/writer.ts'

/** A checked file or cluster resource, with its problems. */
export interface Checked {
  readonly name: string
  readonly kind:
    | Exclude<FileKind, 'toml_configuration'>
    | 'aws_auth'
    | 'identity_mappings'
    /** Manifests without objects of this product. */
    | 'other_manifests'
    | 'unknown'
  readonly problems: readonly Problem[]
}

/** All findings without duplicates, ordered by file and location. */
export interface Report {
  readonly checked: readonly Checked[]
  readonly findings: readonly Problem[]
  readonly errors: number
  readonly warnings: number
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(problems.map((problem) => [JSON.stringify([problem.location, problem.message]), problem]))
  return [...unique.values()].sort((a, b) => {
    if (a.location.source !== b.location.source) return 0
    return a.location.line - b.location.line || a.location.column - b.location.column
  })
}

/** A problem as lint reports it: what can only be a mistake is an error, although the server accepts the entry. */
function asFinding(problem: Problem): Problem {
  return problem.isMistake === true ? { ...problem, severity: 'error' } : problem
}

export function reportOf(checked: readonly Checked[]): Report {
  const findings = checked.flatMap(({ problems }) => inOrder(problems)).map(asFinding)
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return { checked, findings, errors, warnings: findings.length - errors }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

function renderFinding({ severity, location, path, message }: Problem, { width, paint }: Style): readonly Line[] {
  const { source, line, column } = location
  const place = paint(`${source}:${line}:${column}:`, 'bold')
  const word = paint(`${severity}:`, severity === 'error' ? 'red' : 'yellow')
  const where = path === '' ? '' : `${path}: `
  if (width === null) return [[place, ' ', word, ` ${where}${message}`]]
  // The message goes below its location, where it has the full width.
  return [[place, ' ', word], ...wrap(`${where}${message}`, width - 4).map((text) => `    ${text}`)]
}

/** Renders the numbers of sources and findings. */
export function renderSummary(
  { checked, findings, errors, warnings }: Report,
  { marks, paint }: Style,
): string | Painted {
  const idle = checked.filter(({ kind }) => kind === 'other_manifests').length
  const isLive = checked.some(({ kind }) => kind === 'aws_auth' || kind === 'identity_mappings')
  const what = `${count(checked.length, isLive ? 'source' : 'file')} checked`
  const passed = idle === 0 ? what : `${what}, ${idle} with nothing to check`
  if (findings.length === 0) return paint(`${marks ? '✓ ' : ''}${passed}: no problems`, 'green')
  const parts = [...(errors > 0 ? [count(errors, 'error')] : []), ...(warnings > 0 ? [count(warnings, 'warning')] : [])]
  const mark = errors > 0 ? '✗ ' : '! '
  return paint(`${marks ? mark : ''}${passed}: ${parts.join(', ')}`, errors > 0 ? 'red' : 'yellow')
}

export function renderReport(report: Report, style: Style): readonly Line[] {
  const findings = report.findings.flatMap((finding) => renderFinding(finding, style))
  return [...findings, ...(findings.length > 0 && style.width !== null ? [''] : []), [renderSummary(report, style)]]
}

/** Renders the report for scripts. */
export function renderJson({ checked, findings, errors, warnings }: Report): string {
  return formatJson({
    checked: checked.map(({ name, kind }) => ({ name, kind })),
    findings: findings.map(({ severity, location, path, message }) => {
      const { source: file, line, column } = location
      return { severity, file, line, column, path, message }
    }),
    errors,
    warnings,
  })
}
