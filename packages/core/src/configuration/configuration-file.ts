import type { MappingLists } from '../mapping/mapping-index.ts'
import type { ReservedPrefixes } from '../mapping/decide.ts'
import type { WebIdentitySettings } from './web-identity-settings.ts'
import type { Location, Problem } from '../errors/problem.ts'

/** A setting as text: one value, or a list. */
export interface Setting {
  readonly value: string | readonly string[]
  readonly location: Location
}

/** A parsed configuration file. */
export interface ConfigurationFile {
  /** True if the text could be parsed. If not, `problems` has the reason and everything else is empty. */
  readonly readable: boolean
  /** Settings by section and key in lower case, such as `server.statedir`. */
  readonly settings: ReadonlyMap<string, Setting>
  readonly mappings: MappingLists
  readonly reservedPrefixes: ReservedPrefixes
  /** Null if no AWS-signed JWT is accepted. */
  readonly webIdentity: WebIdentitySettings | null
  /** The locations of the keys of `server` that are not settings, in lower case, such as `server.maproles`. */
  readonly sections: ReadonlyMap<string, Location>
  readonly problems: readonly Problem[]
}

export const EMPTY_CONFIGURATION: ConfigurationFile = {
  readable: true,
  settings: new Map(),
  mappings: { roles: [], users: [], accounts: [], unusable: [] },
  reservedPrefixes: new Map(),
  webIdentity: null,
  sections: new Map(),
  problems: [],
}
