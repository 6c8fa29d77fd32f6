import { parseAccounts, parseEntries, type ParsedEntries } from '../mapping/parse-lists.ts'
import type { EntryRules } from '../mapping/parse-key.ts'
import type { ReservedPrefixes } from '../mapping/decide.ts'
import type { MappingLists } from '../mapping/mapping-index.ts'
import { BACKEND_MODES, newerName, type BackendMode } from '../mapping/backend-mode.ts'
import type { FeatureGates } from './feature-gates.ts'
import { EMPTY_CONFIGURATION, type ConfigurationFile, type Setting } from './configuration-file.ts'
import { LocatedDocument, type Field, type Fields } from '../document/located-document.ts'
import { readWebIdentitySettings } from './web-identity-settings.ts'
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
  'tokenType',
  'audience',
  'signingAlgorithm',
  'sourceIdentity',
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
const SECTION_KEYS = ['mapRoles', 'mapUsers', 'mapAccounts', 'reservedPrefixConfig', 'webIdentity']

/** The start of a key of `server` at the top level, such as `server.port`. */
export const DOTTED_PREFIX = 'server.'

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

/** Reads a list: a YAML list, nothing, or a string with commas. */
function readPrefixes(document: LocatedDocument, field: Field): readonly string[] {
  const texts = document.looseItems(field).flatMap((item) => document.looseString(item) ?? [])
  return document.isList(field) ? texts : texts.flatMap((text) => text.split(','))
}

/** Reads the prefixes that are reserved for one backend. Null, with a warning, if they have no effect. */
function readReserved(document: LocatedDocument, item: Field): readonly [BackendMode, readonly string[]] | null {
  const fields = document.fields(item, ['backendMode', 'usernamePrefixReserveList'])
  if (fields === null) return null
  const modeField = fields.get('backendmode')
  const name = modeField === undefined ? '' : document.looseString(modeField)
  if (name === null) return null
  const mode = BACKEND_MODES.find((candidate) => candidate === name)
  if (mode === undefined) {
    const newer = newerName(name)
    const fix = newer === undefined ? `write one of ${BACKEND_MODES.join(', ')}` : `write ${newer}`
    const fault = newer === undefined ? 'is not the name of a backend' : 'is the older name of a backend'
    document.warn(modeField ?? item, `has no effect: "${name}" ${fault}; ${fix}`)
    return null
  }
  const listField = fields.get('usernameprefixreservelist')
  const prefixes = listField === undefined ? [] : readPrefixes(document, listField)
  if (listField === undefined || prefixes.length === 0) {
    document.warn(listField ?? item, 'reserves nothing: write prefixes in usernamePrefixReserveList')
  } else if (prefixes.includes('')) document.warn(listField, 'has an empty prefix, which has no effect: remove it')
  return [mode, prefixes.filter((prefix) => prefix !== '')]
}

function readReservedPrefixes(document: LocatedDocument, field: Field | undefined): ReservedPrefixes {
  const reserved = new Map<BackendMode, readonly string[]>()
  for (const item of field === undefined ? [] : document.looseItems(field)) {
    const [mode, prefixes] = readReserved(document, item) ?? []
    if (mode !== undefined && prefixes !== undefined) reserved.set(mode, [...(reserved.get(mode) ?? []), ...prefixes])
  }
  return reserved
}

/** The keys of `server`, below it or at the top level with a dot, such as `server.port`. The latter win, as in the reference. */
function readServer(document: LocatedDocument, top: Fields, names: readonly string[]): Fields {
  const serverField = top.get('server')
  const isEmpty = serverField === undefined || document.looseItems(serverField).length === 0
  const nested = isEmpty ? undefined : document.fields(serverField, names)
  const get = (name: string): Field | undefined => top.get(DOTTED_PREFIX + name) ?? nested?.get(name)
  for (const name of names) {
    const hidden = nested?.get(name.toLowerCase())
    if (hidden !== undefined && top.get(DOTTED_PREFIX + name.toLowerCase()) !== undefined) {
      document.warn(hidden, `has no effect, because the key ${DOTTED_PREFIX}${name} is there: remove one of the two`)
    }
  }
  return { get }
}

function readMappings(document: LocatedDocument, server: Fields, gates: FeatureGates): MappingLists {
  const entries = (name: string, kind: EntryRules['kind']): ParsedEntries => {
    const field = server.get(name)
    const { SSORoleMatch: sso, RolePathMatch: rolePaths } = gates
    const rules = { kind, source: 'configuration', sso, rolePaths, sessionArns: true } as const
    return (field === undefined ? null : parseEntries(document, field, rules)) ?? { entries: [], unusable: [] }
  }
  const roles = entries('maproles', 'role')
  const users = entries('mapusers', 'user')
  const accounts = server.get('mapaccounts')
  return {
    roles: roles.entries,
    users: users.entries,
    unusable: [...roles.unusable, ...users.unusable],
    accounts: accounts === undefined ? [] : (parseAccounts(document, accounts, 'configuration') ?? []),
  }
}

/**
 * Reads a configuration file in YAML or JSON. Keys ignore case, and keys of `server` may be at the top level, such as `server.port`. Null
 * counts as absent.
 */
export function parseConfiguration(
  text: string,
  source: string,
  { serverKeys, gatesOf, format = 'yaml' }: ConfigurationRules,
): ConfigurationFile {
  const document = new LocatedDocument(text, source, format)
  const { problems, root } = document
  if (!document.unreadable && document.isNull(root)) return { ...EMPTY_CONFIGURATION, problems }
  const serverNames = [...serverKeys, ...SECTION_KEYS]
  const dotted = document.isMap(root) ? serverNames.map((name) => DOTTED_PREFIX + name) : []
  const top = document.unreadable ? null : document.fields(root, [...CONFIGURATION_KEYS, ...dotted])
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
  const server = readServer(document, top, serverNames)
  read(server, 'server.', serverKeys)
  const mappings = readMappings(document, server, gatesOf(settings))
  const reservedPrefixes = readReservedPrefixes(document, server.get('reservedprefixconfig'))
  const webIdentity = readWebIdentitySettings(document, server)
  const sections = new Map<string, Location>()
  for (const name of SECTION_KEYS.map((key) => key.toLowerCase())) {
    const field = server.get(name)
    if (field !== undefined) sections.set(`server.${name}`, document.locationOf(field))
  }
  return { readable: true, settings, mappings, reservedPrefixes, webIdentity, sections, problems }
}
