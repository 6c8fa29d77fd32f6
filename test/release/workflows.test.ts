import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const FOLDER = join(ROOT, '.github', 'workflows')
const PINNED = /^[\w.-]+\/[\w.-]+@[0-9a-f]{40}$/

function entries(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function field(value: unknown, name: string): unknown {
  return new Map(entries(value)).get(name)
}

function steps(job: unknown): unknown[] {
  const list = field(job, 'steps')
  if (!Array.isArray(list)) throw new Error('a job without steps')
  return list
}

/** The permissions of each workflow, and of each of its jobs. */
const PERMISSIONS: Readonly<Record<string, { readonly workflow: object; readonly jobs: object }>> = {
  'ci.yml': { workflow: { contents: 'read' }, jobs: { test: undefined } },
  'release.yml': {
    workflow: {},
    jobs: {
      build: { contents: 'read' },
      image: { packages: 'write', 'id-token': 'write', attestations: 'write' },
      sign: { 'id-token': 'write', attestations: 'write' },
      draft: { contents: 'write' },
    },
  },
}

const files = readdirSync(FOLDER)
t.same(files.sort(), Object.keys(PERMISSIONS))

for (const file of files) {
  const text = readFileSync(join(FOLDER, file), 'utf8')
  const workflow: unknown = parse(text)
  const jobs = entries(field(workflow, 'jobs'))

  t.test(`${file}: actions are pinned by full commit hash, with the release in a comment`, (t) => {
    const uses = jobs.flatMap(([, job]) => steps(job).map((step) => field(step, 'uses')))
    const actions = uses.filter((action) => action !== undefined)
    t.ok(actions.length > 0)
    for (const action of actions) t.match(action, PINNED)
    t.equal(text.match(/^ *(?:- )?uses: \S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/gm)?.length, actions.length)
    t.end()
  })

  t.test(`${file}: permissions are explicit and minimal`, (t) => {
    const allowed = PERMISSIONS[file]
    t.same(field(workflow, 'permissions'), allowed?.workflow)
    t.same(Object.fromEntries(jobs.map(([name, job]) => [name, field(job, 'permissions')])), allowed?.jobs)
    t.end()
  })

  t.test(`${file}: jobs have a timeout, and later steps have no checkout credentials`, (t) => {
    for (const [name, job] of jobs) {
      t.type(field(job, 'timeout-minutes'), 'number', name)
      for (const step of steps(job).filter((item) => String(field(item, 'uses')).startsWith('actions/checkout@'))) {
        t.equal(field(field(step, 'with'), 'persist-credentials'), false, name)
      }
    }
    t.end()
  })

  t.test(`${file}: one action has one commit hash`, (t) => {
    const pins = new Set(text.match(/\buses: .*$/gm))
    const actions = [...pins].map((pin) => pin.replace(/@.*/, ''))
    t.same(actions, [...new Set(actions)])
    t.end()
  })

  t.test(`${file}: commands contain no text that others can choose, such as a branch name`, (t) => {
    for (const [, job] of jobs) {
      for (const step of steps(job)) t.notMatch(JSON.stringify([field(step, 'run')]), /\$\{\{/)
    }
    t.notMatch(text, /pull_request_target|secrets\./)
    t.end()
  })
}

t.test('the release: jobs that can sign or publish run no code of this repository or its dependencies', (t) => {
  const workflow: unknown = parse(readFileSync(join(FOLDER, 'release.yml'), 'utf8'))
  for (const [name, job] of entries(field(workflow, 'jobs'))) {
    const commands = JSON.stringify(steps(job).map((step) => field(step, 'run')))
    t.equal(/\b(?:pnpm|npm|node)\b|[ "]\.\//.test(commands), name === 'build', name)
  }
  t.end()
})

t.test('the release: cosign signs each file, also the checksums', (t) => {
  const workflow: unknown = parse(readFileSync(join(FOLDER, 'release.yml'), 'utf8'))
  const [, job] = entries(field(workflow, 'jobs')).find(([name]) => name === 'sign') ?? []
  const sign = steps(job).find((step) => field(step, 'name') === 'Sign')
  const folder = t.testdir({
    release: { 'authenticator_1.0.0_checksums.txt': '', 'aws-iam-authenticator_1.0.0_linux_amd64': '' },
    // A stand-in that checks the flags and writes the bundle.
    bin: { cosign: '#!/bin/sh\n[ "$1 $2 $3 $#" = "sign-blob --yes --bundle 5" ] && [ -f "$5" ] && echo "$5" >"$4"\n' },
  })
  chmodSync(join(folder, 'bin/cosign'), 0o755)
  execFileSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', String(field(sign, 'run'))], {
    cwd: join(folder, String(field(sign, 'working-directory'))),
    env: { PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` },
  })
  for (const name of readdirSync(join(folder, 'release'))) {
    t.equal(readFileSync(join(folder, 'signatures', `${name}.sigstore.json`), 'utf8'), `${name}\n`)
  }
  t.equal(readdirSync(join(folder, 'signatures')).length, 2)
  t.end()
})

function json(...path: readonly string[]): unknown {
  return JSON.parse(readFileSync(join(ROOT, ...path), 'utf8'))
}

t.test('pnpm is pinned by version and hash, and CI and releases run no other', (t) => {
  const [, version = '', hash = ''] =
    /^pnpm@(\d+\.\d+\.\d+)\+sha512\.([0-9a-f]{128})$/.exec(String(field(json('package.json'), 'packageManager'))) ?? []
  t.not(hash, '')
  t.same(field(json('.ci/pnpm/package.json'), 'dependencies'), { pnpm: version })
  const locked = new Map(entries(field(json('.ci/pnpm/package-lock.json'), 'packages')))
  t.match(locked.get('node_modules/pnpm'), {
    version,
    integrity: `sha512-${Buffer.from(hash, 'hex').toString('base64')}`,
  })
  // pnpm's own package only starts the binary for the machine.
  t.match(locked.get('node_modules/@pnpm/exe.linux-x64'), { version, integrity: /^sha512-/ })
  const commands = ['.ci/run', '.github/workflows/ci.yml', '.github/workflows/release.yml']
  for (const file of commands) t.notMatch(readFileSync(join(ROOT, file), 'utf8'), /npx|corepack/, file)
  for (const file of ['.ci/run', '.github/workflows/release.yml']) {
    t.match(readFileSync(join(ROOT, file), 'utf8'), /npm install --prefix \.ci\/pnpm --no-save/, file)
  }
  t.end()
})

t.test('images are pinned by digest', (t) => {
  const text = readFileSync(join(ROOT, 'deploy/image/Containerfile'), 'utf8')
  const images = [...text.matchAll(/^FROM (\S+)/gm)]
    .map(([, image = '']) => image)
    .filter((image) => image !== 'scratch')
  t.ok(images.length > 0)
  for (const image of images) t.match(image, /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
  t.end()
})
