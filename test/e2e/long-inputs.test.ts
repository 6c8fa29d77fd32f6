import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { minimalEnvironment, runCommand, temporaryFolder, type Environment, type Finished } from './harness/command.ts'
import { USER_KEYS } from './harness/person.ts'

/** In milliseconds. Far more than any input needs, and far less than a backtracking pattern would take. */
const PATIENCE_MS = 10_000

const ROLE_ARN = 'arn:aws:iam::111122223333:role/Admin'
const TABS = '\t'.repeat(400_000)

interface Row {
  readonly args: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: Environment
  readonly code: number
}

async function run(t: Test, { args, files = {}, environment = {} }: Row): Promise<Finished> {
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, '.aws'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const person = { ...minimalEnvironment(folder), AWS_REGION: 'us-east-1', ...environment }
  return runCommand(args, { cwd: folder, environment: person })
}

const token = ['token', '-i', 'x']

const rows: Readonly<Record<string, Row>> = {
  'an error that quotes tabs': {
    args: token,
    environment: { AWS_WEB_IDENTITY_TOKEN_FILE: TABS.slice(0, 120_000), AWS_ROLE_ARN: ROLE_ARN },
    code: 1,
  },
  'a section of AWS files that has no end': {
    args: token,
    files: { '.aws/config': `[${TABS}x${TABS}\n`, '.aws/credentials': `[${TABS}x${TABS}\n` },
    environment: { AWS_PROFILE: 'nobody' },
    code: 1,
  },
  'a profile of AWS files': {
    args: token,
    files: { '.aws/config': `[profile${TABS}x\u2028y]\n` },
    environment: { AWS_PROFILE: 'nobody' },
    code: 1,
  },
  'a bundle of certificates without an end': {
    args: [...token, '-r', ROLE_ARN],
    files: { 'ca.pem': '-----BEGIN CERTIFICATE-----'.repeat(60_000) },
    environment: { ...USER_KEYS, AWS_CA_BUNDLE: 'ca.pem' },
    code: 1,
  },
  'a header of TOML': { args: ['lint', 'a.toml'], files: { 'a.toml': `x = [\n[${TABS}"a"${TABS}],\n]\n` }, code: 0 },
  'a first line that could be TOML': { args: ['lint', 'a.yaml'], files: { 'a.yaml': `a=b${TABS}\u2028c\n` }, code: 1 },
}

for (const [name, row] of Object.entries(rows)) {
  t.test(name, async (t) => {
    const started = Date.now()
    const { code, signal } = await run(t, row)
    t.same({ code, signal }, { code: row.code, signal: null })
    t.ok(Date.now() - started < PATIENCE_MS, `${Date.now() - started} ms`)
  })
}
