import { messageOf } from '../untrusted.ts'
import { parseBackendModes, type BackendModes } from './backend-mode.ts'
import { LocatedDocument } from '../document/located-document.ts'
import type { Problem } from '../errors/problem.ts'
import { parseUpdate, UPDATE_KEYS, type Update } from './update.ts'

/** The content of the file at `server.dynamicBackendModePath`. */
interface BackendModeFile extends BackendModes, Update {}

/** A parsed file. `file` is null if it has an error. */
interface ParsedBackendModeFile {
  readonly file: BackendModeFile | null
  readonly problems: readonly Problem[]
}

/** Reads the list of backends that replaces the configured one: JSON with `backendMode`, names separated by spaces. */
export function parseBackendModeFile(text: string, source: string): ParsedBackendModeFile {
  const document = new LocatedDocument(text, source, 'json')
  const { problems, root } = document
  const fields = document.unreadable ? null : document.fields(root, [...UPDATE_KEYS, 'backendMode'])
  if (fields === null) return { file: null, problems }
  const update = parseUpdate(document, fields)
  const field = fields.get('backendmode')
  const names = field === undefined ? document.error(root, 'needs backendMode') : document.string(field)
  if (field === undefined || names === null) return { file: null, problems }
  try {
    const modes = parseBackendModes(names.split(' ').filter((name) => name !== ''))
    return { file: document.errorCount === 0 ? { ...modes, ...update } : null, problems }
  } catch (error) {
    document.error(field, messageOf(error))
    return { file: null, problems }
  }
}
