import { parseAccounts, parseEntries, type ParsedEntries } from '../mapping/parse-lists.ts'
import type { EntryRules } from '../mapping/parse-key.ts'
import type { ReservedPrefixes } from '../mapping/decide.ts'
import { BACKEND_MODES, type BackendMode } from '../mapping/backend-mode.ts'
import type { FeatureGates } from './feature-gates.ts'
import { EMPTY_CONFIGURATION, type ConfigurationFile, type Setting } from './configuration-file.ts'
import { LocatedDocument, type Field, type Fields } from '../document/located-document.ts'
import type { Location } from '../errors/problem.ts'

/** Settings at the top level. */
const TOP_KEYS = [
  'clusterID',
  'defaultRole',
  'log-verbosity',
  'feature-gates',
  'role',
  'region',
  'externalID',
  'sessionName',
  'forwardSessionName',
  'tokenOnly',
  'cache',
  'token',
  'output',
  'partition',
]

/** The keys at the top level of a configuration file. */
export const CONFIGURATION_KEYS: readonly string[] = [...TOP_KEYS, 'server']

/** Returns the feature gates for the settings of the file. Flags may take precedence over the file. */
export type GatesOf = (settings: ReadonlyMap<string, Setting>) => FeatureGates

interface ConfigurationRules {
  /** The keys of `server` that are settings. */
  readonly serverKeys: readonly string[]
  readonly gatesOf: GatesOf
  readonly format?: 'yaml' | 'json'
}

/** Keys of `server` that are not settings. */
const MAPPING_KEYS = ['mapRoles', 'mapUsers', 'mapAccounts', 'reservedPrefixConfig']

function readSetting(document: LocatedDocument, field: Field): Setting | null {
  const location = document.locationOf(field)
  if (document.isList(field)) {
    const items = document.items(field) ?? []
    return { value: items.map((item) => document.scalar(item)?.text ?? ''), location }
  }
  if (document.isMap(field) && document.pathOf(field).toLowerCase() === 'feature-gates')
    return readGates(document, field)
  const scalar = document.scalar(field)
  return scalar === null ? null : { value: scalar.text, location }
}

/** Reads feature gates that are a map of names to booleans. */
function readGates(document: LocatedDocument, field: Field): Setting {
  const pairs = document.pairs(field).map(([name, value]) => `${name}=${document.scalar(value)?.text ?? ''}`)
  return { value: pairs, location: document.locationOf(field) }
}

/** Reads a list: a YAML list, null if empty, or a string with commas. */
function readPrefixes(document: LocatedDocument, field: Field): readonly string[] {
  if (document.isNull(field)) return []
  if (document.isList(field)) return document.items(field)?.map((item) => document.string(item) ?? '') ?? []
  return document.string(field)?.split(',') ?? []
}

function readReservedPrefixes(document: LocatedDocument, field: Field | undefined): ReservedPrefixes {
  const reserved = new Map<BackendMode, readonly string[]>()
  if (field === undefined || document.isNull(field)) return reserved
  for (const item of document.items(field) ?? []) {
    const fields = document.fields(item, ['backendMode', 'usernamePrefixReserveList'])
    const modeField = fields?.get('backendmode')
    const listField = fields?.get('usernameprefixreservelist')
    if (modeField === undefined || listField === undefined) {
      document.error(item, 'needs both backendMode and usernamePrefixReserveList')
      continue
    }
    const name = document.string(modeField)
    const mode = BACKEND_MODES.find((candidate) => candidate === name)
    const prefixes = readPrefixes(document, listField)
    if (mode === undefined)
      document.error(modeField, `"${name ?? ''}" is not a backend: write one of ${BACKEND_MODES.join(', ')}`)
    // An empty prefix would reserve every username.
    else if (prefixes.includes('')) document.error(listField, 'has an empty prefix, which would refuse everyone')
    else reserved.set(mode, [...(reserved.get(mode) ?? []), ...prefixes])
  }
  return reserved
}

/** Reads a configuration file in YAML or JSON. Keys ignore case. Null counts as absent. */
export function parseConfiguration(
  text: string,
  source: string,
  { serverKeys, gatesOf, format = 'yaml' }: ConfigurationRules,
): ConfigurationFile {
  const document = new LocatedDocument(text, source, format)
  const { problems, root } = document
  if (!document.unreadable && document.isNull(root)) return EMPTY_CONFIGURATION
  const top = document.unreadable ? null : document.fields(root, CONFIGURATION_KEYS)
  if (top === null) return { ...EMPTY_CONFIGURATION, readable: false, problems }
  const settings = new Map<string, Setting>()
  const read = (fields: Fields, prefix: string, names: readonly string[]): void => {
    for (const name of names.map((key) => key.toLowerCase())) {
      const field = fields.get(name)
      if (field === undefined || document.isNull(field)) continue
      const setting = readSetting(document, field)
      if (setting !== null) settings.set(prefix + name, setting)
    }
  }

  read(top, '', TOP_KEYS)
  const serverField = top.get('server')
  if (serverField === undefined || document.isNull(serverField)) return { ...EMPTY_CONFIGURATION, settings, problems }
  const server = document.fields(serverField, [...serverKeys, ...MAPPING_KEYS]) ?? new Map<string, Field>()
  read(server, 'server.', serverKeys)

  const gates = gatesOf(settings)
  const entries = (name: string, kind: EntryRules['kind']): ParsedEntries => {
    const field = server.get(name)
    const { SSORoleMatch: sso, RolePathMatch: rolePaths } = gates
    const rules = { kind, sso, rolePaths, sessionArns: true, commaLists: true }
    const parsed = field === undefined ? null : parseEntries(document, field, rules)
    return parsed ?? { entries: [], unusable: [] }
  }
  const roles = entries('maproles', 'role')
  const users = entries('mapusers', 'user')
  const accountsField = server.get('mapaccounts')
  const mappings = {
    roles: roles.entries,
    users: users.entries,
    unusable: [...roles.unusable, ...users.unusable],
    accounts:
      accountsField === undefined
        ? []
        : (parseAccounts(document, accountsField, { quoteLeadingZeros: true, commaLists: true }) ?? []),
  }
  const reservedPrefixes = readReservedPrefixes(document, server.get('reservedprefixconfig'))
  const sections = new Map<string, Location>()
  for (const name of MAPPING_KEYS.map((key) => key.toLowerCase())) {
    const field = server.get(name)
    if (field !== undefined) sections.set(`server.${name}`, document.locationOf(field))
  }
  return { readable: true, settings, mappings, reservedPrefixes, sections, problems }
}
