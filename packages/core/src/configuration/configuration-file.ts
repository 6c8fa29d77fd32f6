import type { MappingLists } from '../mapping/mapping-index.ts'
import type { ReservedPrefixes } from '../mapping/decide.ts'
import type { Location, Problem } from '../errors/problem.ts'

/** A setting as it is written: one text, or a list of them. */
export interface Setting {
  readonly value: string | readonly string[]
  readonly location: Location
}

/** A configuration file, read. */
export interface ConfigurationFile {
  /** Whether the text is a document of the right form at all; where it is not, `problems` says why and all else is empty. */
  readonly readable: boolean
  /** By the lower-case key with its section, such as `server.statedir`. */
  readonly settings: ReadonlyMap<string, Setting>
  readonly mappings: MappingLists
  readonly reservedPrefixes: ReservedPrefixes
  /** Where the keys of `server` stand that hold mappings and the like, by their lower-case names such as `server.maproles`. */
  readonly sections: ReadonlyMap<string, Location>
  readonly problems: readonly Problem[]
}

export const EMPTY_CONFIGURATION: ConfigurationFile = {
  readable: true,
  settings: new Map(),
  mappings: { roles: [], users: [], accounts: [], unusable: [] },
  reservedPrefixes: new Map(),
  sections: new Map(),
  problems: [],
}
