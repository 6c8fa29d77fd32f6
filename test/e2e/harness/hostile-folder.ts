import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const PACKAGES = [
  'undici',
  'fastify',
  'yaml',
  'node-forge',
  'prom-client',
  '@aws-iam-authenticator/core',
  '@aws-iam-authenticator/server',
  '@aws-sdk/credential-providers',
  '@aws-sdk/signature-v4',
  '@smithy/core',
]

/** Detectable settings: other credentials, another cluster, no route to AWS, untrusted authorities, code to load. */
function dotenv(folder: string): string {
  const settings = {
    AWS_ACCESS_KEY_ID: 'AKIAEVILEVILEVILEVIL',
    AWS_SECRET_ACCESS_KEY: 'evil',
    AWS_SESSION_TOKEN: 'evil',
    AWS_PROFILE: 'evil',
    AWS_REGION: 'evil-region-1',
    AWS_DEFAULT_REGION: 'evil-region-1',
    AWS_CONFIG_FILE: join(folder, 'evil.ini'),
    AWS_USE_FIPS_ENDPOINT: 'true',
    AWS_CA_BUNDLE: join(folder, 'evil.pem'),
    AWS_IAM_AUTHENTICATOR_LOG_VERBOSITY: 'trace',
    DEFAULT_ROLE: 'arn:aws:iam::666666666666:role/evil',
    KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID: 'evil',
    KUBERNETES_EXEC_INFO: '{"apiVersion":"evil"}',
    HTTPS_PROXY: 'http://127.0.0.1:1',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_OPTIONS: `--require=${join(folder, 'evil.cjs')}`,
    BUN_OPTIONS: `--preload=${join(folder, 'evil.cjs')}`,
    BUN_BE_BUN: '1',
  }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join('')
}

/**
 * Fills a folder with files that a runtime, a package manager or a bundler might read by itself. Any program that runs
 * one of them creates the file `marker`.
 */
export function fillHostileFolder(folder: string, marker: string): void {
  const script = `require('node:fs').appendFileSync(${JSON.stringify(marker)}, __filename + '\\n')\n`
  const shell = `#!/bin/sh\necho "$0" >> '${marker}'\n`
  const bunfig = [
    'preload = ["./evil.cjs"]',
    'logLevel = "debug"',
    '[run]',
    'bun = true',
    'shell = "./evil.sh"',
    '[define]',
    '"process.env.AWS_REGION" = "\'evil-region-1\'"',
    '[test]',
    'preload = ["./evil.cjs"]',
  ].join('\n')
  const compilerOptions = {
    baseUrl: '.',
    paths: { '*': ['./evil.cjs'], 'node:*': ['./evil.cjs'] },
    jsxImportSource: 'evil',
  }
  const manifest = {
    name: 'aws-iam-authenticator',
    main: './evil.cjs',
    type: 'commonjs',
    imports: { '#*': './evil.cjs' },
    exports: { '.': './evil.cjs', './*': './evil.cjs' },
    scripts: {
      preversion: './evil.sh',
      version: './evil.sh',
      token: './evil.sh',
      server: './evil.sh',
      init: './evil.sh',
    },
  }
  const files = new Map<string, string>([
    ['evil.cjs', script],
    ['evil.sh', shell],
    ['evil.ini', '[profile evil]\nregion = evil-region-1\n'],
    ['bunfig.toml', bunfig],
    ['.bunfig.toml', bunfig],
    ['package.json', JSON.stringify(manifest)],
    ['tsconfig.json', JSON.stringify({ compilerOptions })],
    ['jsconfig.json', JSON.stringify({ compilerOptions })],
    ['.npmrc', `node-options=--require=${join(folder, 'evil.cjs')}\nscript-shell=./evil.sh\n`],
    ['node.config.json', JSON.stringify({ nodeOptions: { require: ['./evil.cjs'] } })],
  ])
  for (const suffix of [
    '',
    '.local',
    '.production',
    '.production.local',
    '.development',
    '.development.local',
    '.test',
  ]) {
    files.set(`.env${suffix}`, dotenv(folder))
  }
  for (const name of ['aws-iam-authenticator', 'index', 'main', 'token', 'version', 'init', 'server', 'verify']) {
    for (const extension of ['ts', 'js', 'cjs', 'mjs', 'json']) {
      files.set(`${name}.${extension}`, extension === 'json' ? '{}' : script)
    }
  }
  for (const name of PACKAGES) {
    files.set(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, main: 'index.js', exports: { './*': './index.js', '.': './index.js' } }),
    )
    files.set(`node_modules/${name}/index.js`, script)
  }
  for (const name of ['node', 'bun', 'aws', 'aws-iam-authenticator', 'sh'])
    files.set(`node_modules/.bin/${name}`, shell)
  for (const [name, text] of files) {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: 0o755 })
  }
}
