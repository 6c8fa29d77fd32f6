// Drops unused library code from the bundle.
import { basename, dirname } from 'node:path'
import { build, type Metafile, type Plugin } from 'esbuild'

/** A module of a library, or one that a library imports, that the build replaces. */
export interface Replacement {
  /** The package of the library, by its name or by the path of one of its files. */
  readonly library: string
  readonly module: string
}

type OnReplaced = (replacement: Replacement) => void

/** The libraries that `token` uses always, and what of them. */
const USED: ReadonlyMap<string, string> = new Map([
  ['@aws-crypto/sha256-js', 'Sha256'],
  ['@aws-sdk/signature-v4', 'SignatureV4'],
  ['@smithy/core/config', 'externalDataInterceptor, loadSharedConfigFiles'],
])

/** What those libraries get in the place of modules that take longer to load than a token to sign. */
export const LIGHTER: ReadonlyMap<string, string> = new Map([
  // Loaded when they are called, which they are not.
  ['node:os', "export const homedir = () => process.getBuiltinModule('node:os').homedir()"],
  [
    'node:crypto',
    ['createHash', 'createHmac', 'getRandomValues']
      .map((name) => `export const ${name} = (...given) => process.getBuiltinModule('node:crypto').${name}(...given)`)
      .join('\n'),
  ],
  // Two small files are read sooner than threads are started to read them.
  [
    'node:fs/promises',
    "import { readFileSync } from 'node:fs'\nexport const readFile = async (...given) => readFileSync(...given)",
  ],
  // Streams of events, which STS has not: to be there for them, all modules of the signer would wait to be called.
  ['./HeaderFormatter', 'export class HeaderFormatter {}'],
])

/**
 * What the signer uses of the SDK's indexes, whose other modules make tables and classes as they are loaded. Hexadecimal digits by
 * Buffer need no table.
 */
export const SIGNER_INDEXES: ReadonlyMap<string, string> = new Map([
  ['client', "export { normalizeProvider } from '../transport/normalizeProvider.js'"],
  [
    'protocols',
    "export { HttpRequest } from '../transport/httpRequest.js'\nexport { escapeUri } from './util-uri-escape/escape-uri.js'",
  ],
  [
    'serde',
    `
export { hasOwn } from '../transport/hasOwn.js'
export { isArrayBuffer } from './is-array-buffer/is-array-buffer.js'
export { toUint8Array } from './util-utf8/toUint8Array.js'
export { writeKey } from './writeKey.js'
export const toHex = (bytes) => Buffer.from(bytes).toString('hex')
`,
  ],
])

function lighterModules(onReplaced: OnReplaced): Plugin {
  return {
    name: 'lighter-modules',
    setup: (bundler) => {
      bundler.onResolve({ filter: /^(?:node:|@smithy\/core\/|\.\/H)/ }, ({ path, importer }) => {
        if (!LIGHTER.has(path)) return null
        onReplaced({ library: importer, module: path })
        return { path, namespace: 'lighter' }
      })
      bundler.onLoad({ filter: /@smithy[\\/]core[\\/].*[\\/]\w+[\\/]index\.js$/ }, ({ path }) => {
        const folder = basename(dirname(path))
        const contents = SIGNER_INDEXES.get(folder)
        if (contents === undefined) return null
        onReplaced({ library: path, module: `@smithy/core/${folder}` })
        return { contents, resolveDir: dirname(path) }
      })
      bundler.onLoad({ filter: /^/, namespace: 'lighter' }, ({ path }) => ({ contents: LIGHTER.get(path) ?? '' }))
    },
  }
}

/**
 * Bundles those libraries each by itself first, so that nothing is left of them but what is used. Other libraries go on using
 * them whole, and so does `credentials/sdk-profile.ts`, which gives files to the SDK's own copy.
 *
 * @param root What the paths in the metafiles are relative to.
 * @param metafiles Gets what went into each, by the name that it has among the inputs of the whole.
 */
export function libraries(root: string, metafiles: Map<string, Metafile>, onReplaced: OnReplaced): Plugin {
  return {
    name: 'libraries',
    setup: (bundler) => {
      bundler.onResolve({ filter: /^@/ }, ({ path, importer, resolveDir }) =>
        USED.has(path) && /[\\/]packages[\\/]client[\\/]src[\\/](?!credentials[\\/]sdk-profile)/.test(importer)
          ? { path, namespace: 'library', pluginData: resolveDir, sideEffects: false }
          : null,
      )
      bundler.onLoad({ filter: /^/, namespace: 'library' }, async ({ path, pluginData }) => {
        const resolveDir = String(pluginData)
        const { metafile, outputFiles } = await build({
          stdin: { contents: `export { ${USED.get(path) ?? ''} } from '${path}'`, resolveDir },
          absWorkingDir: root,
          bundle: true,
          write: false,
          platform: 'node',
          format: 'esm',
          target: 'node24',
          mainFields: ['module', 'main'],
          plugins: [lighterModules(onReplaced)],
          metafile: true,
          logLevel: 'warning',
        })
        metafiles.set(`library:${path}`, metafile)
        return { contents: outputFiles[0]?.text ?? '', resolveDir }
      })
    },
  }
}

/** What libraries would load for uses that the server does not make of them, and what they get in its place. */
export const UNUSED: ReadonlyMap<string, string> = new Map([
  // Loaded when they are called. Compilers of JSON schemas: the webhook has none, and says so to fastify; requests without a network.
  ...['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'].map(
    (name) => [name, `throw new Error('${name} is not in this build')`] as const,
  ),
  // Loaded always, used for plugins that want some version of fastify, for proxies that are trusted, for traces in metrics.
  ...['semver', '@fastify/proxy-addr', '@opentelemetry/api'].map((name) => [name, 'module.exports = {}'] as const),
  // Looks at regular expressions: at three of find-my-way's own as it is loaded, and at those in routes, where we have none.
  ['safe-regex2', 'module.exports = () => true'],
])

/**
 * Libraries whose index would load more than is used: of undici fetch, WebSockets, caches and mocks, of prom-client summaries and a
 * client of its push gateway. This is what their indexes make of their files for what is used.
 */
export const INDEXES: ReadonlyMap<string, string> = new Map([
  [
    'undici',
    `
import api from 'undici/lib/api/index.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'
Object.assign(Dispatcher.prototype, api)
export { Agent, Dispatcher, ProxyAgent }
`,
  ],
  [
    'prom-client',
    `
export { default as Registry } from 'prom-client/lib/registry.js'
export { default as Counter } from 'prom-client/lib/counter.js'
export { default as Gauge } from 'prom-client/lib/gauge.js'
export { default as Histogram } from 'prom-client/lib/histogram.js'
export { default as collectDefaultMetrics } from 'prom-client/lib/defaultMetrics.js'
`,
  ],
])

/** Leaves out of the libraries of the server, and of calls to AWS, what is not used of them. */
export function usedParts(onReplaced: OnReplaced): Plugin {
  return {
    name: 'parts',
    setup: (bundler) => {
      bundler.onResolve({ filter: /^(?:undici|prom-client)$/ }, ({ path, resolveDir }) => {
        onReplaced({ library: path, module: path })
        return { path, namespace: 'part', pluginData: resolveDir }
      })
      bundler.onLoad({ filter: /^/, namespace: 'part' }, ({ path, pluginData }) => ({
        contents: INDEXES.get(path) ?? '',
        resolveDir: String(pluginData),
      }))
      bundler.onResolve({ filter: /^[@ls]/ }, ({ path, importer }) => {
        if (!UNUSED.has(path)) return null
        onReplaced({ library: importer, module: path })
        return { path, namespace: 'unused' }
      })
      bundler.onLoad({ filter: /^/, namespace: 'unused' }, ({ path }) => ({ contents: UNUSED.get(path) ?? '' }))
    },
  }
}
