// Writes the files of the npm package @aws-iam-authenticator/cli: the bundle as an executable, and the licences in it.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, ROOT } from './build/bundle.ts'
import { contentsOf } from './release/bundled-packages.ts'
import { lockedVersion, readLockFile } from './release/lock-file.ts'
import { thirdPartyNotices } from './release/third-party-notices.ts'

const dist = join(ROOT, 'packages', 'cli', 'dist')
const program = join(dist, 'aws-iam-authenticator.cjs')

mkdirSync(dist, { recursive: true })
const { packages } = contentsOf(await bundle(program))
writeFileSync(program, `#!/usr/bin/env node\n${readFileSync(program, 'utf8')}`)
chmodSync(program, 0o755)
writeFileSync(join(dist, 'third-party-notices.txt'), thirdPartyNotices(packages, lockedVersion(readLockFile(), 'bun')))
