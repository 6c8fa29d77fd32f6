import type { Fields, LocatedDocument } from '../document/located-document.ts'

/** Keys with which a file that is followed says what it is. */
export const UPDATE_KEYS: readonly string[] = ['LastUpdatedDateTime', 'Version']

/** Which state of a file this is. */
export interface Update {
  /** Whatever the writer calls it; empty where it says nothing. */
  readonly version: string
  /** When it was made, in seconds since the epoch; null where it does not say. */
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
    document.warn(field, `"${written.slice(0, 40)}" is no time: write seconds since 1970 in quotes`)
  }
  return { version, updatedAt: null }
}
