import { FileError } from '@aws-iam-authenticator/core/errors/errors'
import { test } from 'tap'
import { unreadable, unwritable } from '../../src/write/file-error.ts'

const path = '/state/key.pem'
const uid = process.geteuid?.()

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code })
}

void test('the error for a file without permission names its user and the command that fixes it', async (t) => {
  for (const code of ['EACCES', 'EPERM']) {
    const cause = systemError(code)
    const read = unreadable(path, cause)
    t.match(read, { constructor: FileError, code: 'file_unreadable', cause })
    t.match(read.message, `as uid ${uid}: ${code}`)
    t.match(read.message, `chown ${uid} /state/key.pem && chmod u+r /state/key.pem`)
    const write = unwritable(path, cause)
    t.match(write, { constructor: FileError, code: 'file_unwritable', cause })
    t.match(write.message, `mkdir -p /state && chown ${uid} /state && chmod u+rwx /state`)
  }
})

void test('an error that chown cannot fix suggests none', async (t) => {
  for (const code of ['EEXIST', 'EISDIR', 'ENOTDIR', 'EROFS', 'EBUSY', 'ENOSPC']) {
    const { message } = unwritable(path, systemError(code))
    t.match(message, `Can't write ${path}`)
    t.match(message, code)
    t.notMatch(message, 'chown', code)
  }
  for (const code of ['ENOSPC', 'EDQUOT']) t.match(unwritable(path, systemError(code)).message, 'make room', code)
})

void test('a thrown value need not be a system error', async (t) => {
  t.match(unreadable(path, 'text'), { code: 'file_unreadable', message: 'text' })
})

void test('the advice works on platforms without user ids', async (t) => {
  t.intercept(process, 'geteuid', { value: undefined })
  const { message } = unwritable(path, systemError('EACCES'))
  t.match(message, 'as this user: EACCES')
  t.match(message, 'chown USER /state')
})
