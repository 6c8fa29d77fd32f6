import { isMap, isScalar } from 'yaml'
import { didYouMean } from '../document/did-you-mean.ts'
import { CONFIGURATION_KEYS, DOTTED_PREFIX } from '../configuration/parse-configuration.ts'
import { readYamlDocuments } from '../document/read-yaml.ts'

/** The kind of a file. */
export type FileKind =
  /** A configuration file in YAML or JSON. */
  | 'configuration'
  /** A configuration file in TOML. */
  | 'toml_configuration'
  /** Kubernetes manifests with ConfigMaps or IAMIdentityMappings. */
  | 'manifests'
  /** The file of the backend DynamicFile. */
  | 'dynamic_file'
  /** The file at `server.dynamicBackendModePath`. */
  | 'backend_mode_file'

const TOML = /^(?:\[\[?[\w."' -]+\]\]?\s*(?:#|$)|[\w."'-]+\s*=[^=])/
const DYNAMIC_KEYS: readonly string[] = ['maproles', 'mapusers', 'mapaccounts', 'lastupdateddatetime']
const DYNAMIC_KEY = /"(?:mapRoles|mapUsers|mapAccounts)"\s*:/i

function firstLine(text: string): string {
  return text.split('\n').find((line) => !/^\s*(?:#.*)?$/.test(line)) ?? ''
}

/** The top-level keys of each document of a text. Null if the text exceeds a limit. */
function topKeys(text: string): readonly (readonly string[])[] | null {
  const documents = readYamlDocuments(text, { prettyErrors: false, schema: 'failsafe', uniqueKeys: false })
  if (documents.some(({ errors: [first] }) => first?.code === 'RESOURCE_EXHAUSTION')) return null
  return documents.map(({ contents }) =>
    isMap(contents) ? contents.items.map(({ key }) => (isScalar(key) ? String(key.value) : '')) : [],
  )
}

/** Recognizes the kind of a file by its content. Null if this product does not read it. */
export function recognizeFile(text: string): FileKind | null {
  const start = firstLine(text)
  if (TOML.test(start.trimStart())) return 'toml_configuration'
  const documents = topKeys(text)
  if (documents === null) {
    // The parser for the kind reports the limit.
    if (start.trimStart().startsWith('{')) return 'dynamic_file'
    return /^(?:kind|apiVersion):/m.test(text) ? 'manifests' : 'configuration'
  }
  if (documents.some((keys) => keys.includes('kind') && keys.includes('apiVersion'))) return 'manifests'
  const keys = (documents[0] ?? []).map((key) => key.toLowerCase())
  if (keys.some((key) => key.startsWith(DOTTED_PREFIX))) return 'configuration'
  const has = (names: readonly string[]): boolean => names.some((name) => keys.includes(name))
  const isJson = start.trimStart().startsWith('{')
  if (isJson && !has(['server', 'clusterid'])) {
    if (has(['backendmode'])) return 'backend_mode_file'
    if (has(DYNAMIC_KEYS)) return 'dynamic_file'
  }
  if (keys.some((key) => didYouMean(key, CONFIGURATION_KEYS) !== '') || has(DYNAMIC_KEYS)) return 'configuration'
  return isJson && DYNAMIC_KEY.test(text) ? 'dynamic_file' : null
}
