import {
  generateAuthenticationConfig,
  MAX_EXPRESSION,
  type AuthenticationConfigOptions,
} from '@aws-iam-authenticator/core/authentication-config/authentication-config'
import { printableYaml } from '@aws-iam-authenticator/core/edit/printable-yaml'
import { ConfigurationError } from '@aws-iam-authenticator/core/errors/errors'
import { formatProblem, type Problem } from '@aws-iam-authenticator/core/errors/problem'
import { escapeLine } from '@aws-iam-authenticator/core/log/control-characters'
import type { BackendMode } from '@aws-iam-authenticator/core/mapping/backend-mode'
import type { CommandContext } from '../command-line/command.ts'
import { BACKEND_MODE, PARTITION, SCRUBBED_ACCOUNTS } from '../command-line/server-options.ts'
import { configurationError } from '../command-line/settings.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { readSources } from '../explain/read-sources.ts'
import type { Source } from '../explain/source.ts'
import { VERSION } from '../release/version.ts'
import { formatJson } from '../terminal/style.ts'
import { API_VERSION, AWS_AUTH, DISCOVERY_URL, OUTPUT, SKIP_UNSUPPORTED } from './options.ts'
import { readAudiences, readIssuers } from './read-issuers.ts'

type Backends = AuthenticationConfigOptions['backends']

/** The sources in the order of the server. Which entry wins depends on it, so it must be known. */
function inOrder(sources: readonly Source[], modes: readonly BackendMode[] | null): readonly Source[] {
  if (modes === null) {
    if (sources.length === 1) return sources
    throw new UsageError('the order of the backends is not known: give the --backend-mode of the server')
  }
  return modes.map((mode) => {
    const source = sources.find((candidate) => candidate.mode === mode)
    if (source === undefined)
      throw new UsageError(`the mappings of ${mode} are missing: name their file, or change --backend-mode`)
    return source
  })
}

function readBackends(sources: readonly Source[], problems: readonly Problem[]): Backends {
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw configurationError(errors)
  return sources.map(({ mode, index, fault }) => {
    if (index === null) throw new ConfigurationError(`the mappings of ${mode} can't be read: ${fault ?? 'not loaded'}`)
    return { mode, index }
  })
}

/** The problems with their location in the manifest, and one for each source with entries that the server rejects. */
function locate(problems: readonly Problem[], sources: readonly Source[]): readonly Problem[] {
  const places = new Map(sources.flatMap((source) => [...(source.places ?? [])]))
  const located = problems.map((problem): Problem => {
    const [, location] =
      [...places].find(([path]) => problem.path === path || problem.path.startsWith(`${path}.`)) ?? []
    return location === undefined ? problem : { ...problem, location }
  })
  const rejected = sources.flatMap(({ from, errors }): Problem[] => {
    if (errors === 0) return []
    const message = `has ${errors === 1 ? 'an error' : `${errors} errors`}: run aws-iam-authenticator lint`
    return [{ severity: 'error', location: { source: from, line: 1, column: 1 }, path: '', message }]
  })
  return [...rejected, ...located]
}

function render(configuration: object, sources: readonly Source[], output: 'yaml' | 'json'): string {
  if (output === 'json') return formatJson(configuration)
  const from = sources.map((source) => `${source.mode} in ${source.from}`).join(', ')
  const made = `# Made by aws-iam-authenticator authentication-config ${VERSION} from ${from}. Make it again after each change there.`
  return `${escapeLine(made)}\n${printableYaml(configuration, { lineWidth: 0, aliasDuplicateObjects: false })}`
}

/**
 * Prints an AuthenticationConfiguration for the API server.
 *
 * @throws {UsageError} Options are missing or contradict each other.
 * @throws {ConfigurationError} An entry can't be expressed, or an expression is too long. Nothing is printed.
 * @throws {AuthenticatorError} A file or the kubeconfig can't be read.
 */
export async function printAuthenticationConfig(given: CommandContext): Promise<void> {
  const { stdout, stderr } = given
  const awsAuth = given.setting(AWS_AUTH)
  const positionals = awsAuth === null ? given.positionals : [...given.positionals, awsAuth]
  const { sources, context, isOrderKnown, notes } = await readSources({ ...given, positionals })
  stderr.lines(notes.map((note) => `warning: ${note}`))
  const { setting, configuration } = context
  const { modes } = setting(BACKEND_MODE)
  const isConfigured = modes !== BACKEND_MODE.fallback.modes || isOrderKnown
  const asked = inOrder(sources, isConfigured ? modes : null)
  for (const { mode } of sources.filter((source) => !asked.includes(source))) {
    stderr.line(`warning: the mappings of ${mode} are left out: it is not in --backend-mode`)
  }
  const generated = generateAuthenticationConfig({
    backends: readBackends(asked, configuration.problems),
    reserved: configuration.reservedPrefixes,
    scrubbedAccounts: setting(SCRUBBED_ACCOUNTS),
    issuers: await readIssuers(context),
    audiences: readAudiences(context),
    partition: setting(PARTITION),
    version: setting(API_VERSION),
  })
  for (const { url, jwksFile } of configuration.webIdentity?.issuers ?? []) {
    const isUnused = jwksFile !== null && setting(DISCOVERY_URL) === null
    if (isUnused)
      stderr.line(
        `warning: jwksFile of ${url} is for the server: the API server needs a route to the issuer, or --discovery-url`,
      )
  }
  const [long] = generated.tooLong
  if (long !== undefined) {
    const message = `${long.name} would have ${long.length} characters, and the API server accepts ${MAX_EXPRESSION}`
    throw new ConfigurationError(`${message}: map fewer roles, by rolelike or {{AccountID}}, or use the webhook`)
  }
  const problems = locate(generated.problems, asked)
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0 && !setting(SKIP_UNSUPPORTED)) {
    const what = errors.length === 1 ? 'an entry is' : `${errors.length} entries are`
    const fix = 'change what follows, or give --skip-unsupported, with which they refuse or match no JWT'
    throw new ConfigurationError(`${what} not for JWTs: ${fix}`, errors)
  }
  stderr.lines(problems.map((problem) => `warning: ${formatProblem(problem)}`))
  stdout.document(render(generated.configuration, asked, setting(OUTPUT)))
}
