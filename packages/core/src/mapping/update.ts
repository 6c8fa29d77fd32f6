import type { Fields, LocatedDocument } from '../document/located-document.ts'

/** The keys of a watched file that describe its version. */
export const UPDATE_KEYS: readonly string[] = ['LastUpdatedDateTime', 'Version']

/** The version of a file. */
export interface Update {
  /** The writer's name for the version; empty if there is none. */
  readonly version: string
  /** The time of the update, in seconds since the epoch; null if there is none. */
  readonly updatedAt: number | null
}

/** Reads LastUpdatedDateTime (seconds since the epoch, as a string) and Version; both may be absent. */
export function parseUpdate(document: LocatedDocument, fields: Fields): Update {
  const text = (name: string): string => {
    const field = fields.get(name)
    return field === undefined || document.isNull(field) ? '' : (document.string(field) ?? '')
  }
  const version = text('version')
  const written = text('lastupdateddatetime')
  if (/^\d{1,12}$/.test(written)) return { version, updatedAt: Number(written) }
  const field = fields.get('lastupdateddatetime')
  if (field !== undefined && written !== '') {
    document.warn(field, `"${written.slice(0, 40)}" is not a time: write seconds since 1970 in quotes`)
  }
  return { version, updatedAt: null }
}
