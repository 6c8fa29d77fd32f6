import {
  lintBackendModeFile,
  lintDynamicFile,
  lintManifests,
  type LintRules,
} from '@aws-iam-authenticator/core/lint/lint-file'
import { recognizeFile } from '@aws-iam-authenticator/core/manifest/recognize'
import type { FeatureGates } from '@aws-iam-authenticator/core/configuration/feature-gates'
import type { NestedText } from '@aws-iam-authenticator/core/manifest/nested-text'
import type { Problem } from '@aws-iam-authenticator/core/errors/problem'
import { readInput } from '../command-line/read-input.ts'
import { filesIn, isFolder } from './files-in.ts'
import { lintConfiguration } from './lint-configuration.ts'
import type { Checked } from './report.ts'

const STDIN = 'stdin'

/** The format of each kind of configuration file. */
const FORMATS = { configuration: 'yaml', toml_configuration: 'toml' } as const

/** Checks a configuration file inside the data of a ConfigMap. */
function lintNested({ text, locate }: NestedText, gates: FeatureGates): readonly Problem[] {
  const problems = lintConfiguration(text, '', { format: 'yaml', gates })
  return problems.map(({ severity, location, path, message }) => {
    return { severity, location: locate(location.line, location.column), path, message }
  })
}

function lintText(
  text: string,
  source: string,
  gates: FeatureGates,
  rules: LintRules,
  severityOfUnknown: Problem['severity'] = 'error',
): Checked {
  const name = source
  const kind = source.toLowerCase().endsWith('.toml') ? 'toml_configuration' : recognizeFile(text)
  if (kind === 'dynamic_file') return { name, kind, problems: lintDynamicFile(text, source, rules) }
  if (kind === 'backend_mode_file') return { name, kind, problems: lintBackendModeFile(text, source) }
  if (kind === 'manifests') {
    const { problems, objects, configurations } = lintManifests(text, source, rules)
    const nested = configurations.flatMap((configuration) => lintNested(configuration, gates))
    const isEmpty = problems.length + objects + configurations.length === 0
    return { name, kind: isEmpty ? 'other_manifests' : kind, problems: [...problems, ...nested] }
  }
  if (kind !== null) {
    return { name, kind: 'configuration', problems: lintConfiguration(text, source, { format: FORMATS[kind], gates }) }
  }
  const message =
    text.trim() === ''
      ? 'is empty'
      : 'is nothing that can be checked: give a configuration file, manifests with the ConfigMap aws-auth or ' +
        'IAMIdentityMappings, or a dynamic file'
  const location = { source, line: 1, column: 1 }
  return { name, kind: 'unknown', problems: [{ severity: severityOfUnknown, location, path: '', message }] }
}

/** Checks the files of a folder. One that is of no known kind is only a warning there. */
function lintFolder(folder: string, gates: FeatureGates, rules: LintRules): readonly Checked[] {
  return filesIn(folder).map((path) => lintText(readInput(path), path, gates, rules, 'warning'))
}

/**
 * Checks files, and those of folders; `-` is standard input. The content of a file decides its kind.
 *
 * @throws {FileError} A file can't be read.
 */
export function lintFiles(paths: readonly string[], gates: FeatureGates, rules: LintRules): readonly Checked[] {
  return paths.flatMap((path) => {
    if (path !== '-' && isFolder(path)) return lintFolder(path, gates, rules)
    return [lintText(readInput(path), path === '-' ? STDIN : path, gates, rules)]
  })
}
