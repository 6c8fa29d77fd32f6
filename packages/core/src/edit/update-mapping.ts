import { AuthenticatorError, ConfigurationError } from '../errors/errors.ts'
import { addMapping, checkNewMapping, type NewMapping } from './add-mapping.ts'
import {
  describePrincipal,
  entriesWithKey,
  indexOf,
  LISTS,
  notEditable,
  placeOf,
  readAll,
  readKey,
  type Data,
  type Edited,
} from './aws-auth-lists.ts'
import { setItemField } from './set-item-field.ts'

/**
 * Sets the username and groups of the entry of a principal in the data of the ConfigMap aws-auth, or adds an entry if there is none.
 * Everything else stays byte for byte, including the other fields of the entry.
 *
 * @throws {AuthenticatorError} `duplicate_mapping`: several entries are for the principal.
 * @throws {ConfigurationError} The data can't be read, or the entry is invalid or can't be changed without changing something else.
 */
export function updateMapping(data: Data, mapping: NewMapping): Edited {
  const { kind, fields } = mapping
  const { key, list } = LISTS[kind]
  const checked = checkNewMapping(mapping)
  if (!('key' in checked)) throw new ConfigurationError('the new entry can not be used:', checked)
  const before = readAll(data)
  const entryKey = readKey(kind, fields)
  const found = 'type' in entryKey ? entriesWithKey(before[list], entryKey) : []
  const [entry, ...others] = found
  if (entry === undefined) return addMapping(data, mapping)
  if (others.length > 0) {
    const places = found.map(placeOf).join('; ')
    throw new AuthenticatorError(
      'duplicate_mapping',
      `cannot update ${kind} ${describePrincipal(fields)}: several entries are for it: ${places}; nothing was written: ` +
        'remove all of them, or change them with kubectl edit -n kube-system configmap/aws-auth',
    )
  }
  const { username = '', groups = [] } = fields
  const text = typeof data[key] === 'string' ? data[key] : ''
  const named = setItemField(text, indexOf(entry), 'username', username)
  const changed = named === null ? null : setItemField(named, indexOf(entry), 'groups', groups)
  const edited = { ...data, [key]: changed }
  const after = changed === null ? undefined : readAll(edited)[list].find(({ path }) => path === entry.path)
  const isSet = after?.username === username && JSON.stringify(after.groups) === JSON.stringify(groups)
  if (!isSet) {
    throw notEditable(kind, 'changed', [
      `${placeOf(entry)}: username ${JSON.stringify(username)}, groups ${JSON.stringify(groups)}`,
    ])
  }
  return { data: edited, problems: before.problems }
}
