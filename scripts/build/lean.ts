// Replaces library modules that the command never uses and that cost memory. Figures are resident memory of an idle server.
import type { Plugin } from 'esbuild'

/** A module that the build replaced. */
export interface Replacement {
  /** The name that it is imported by. */
  readonly module: string
  /** The path of the file that imports it. */
  readonly importer: string
}

function unused(name: string): readonly [name: string, contents: string] {
  return [name, `throw new Error('${name} is not in this build')`]
}

/** The replaced modules, each with its new contents. */
export const REPLACED: ReadonlyMap<string, string> = new Map([
  // fastify loads these when a route has a JSON schema or a test injects a request. We do neither. Together 2.1 MiB.
  unused('@fastify/ajv-compiler'),
  unused('@fastify/fast-json-stringify-compiler'),
  unused('light-my-request'),
  // The index also loads fetch, WebSockets, caches and mocks. 1.8 MiB.
  [
    'undici/index.js',
    `
import api from 'undici/lib/api/index.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import Agent from 'undici/lib/dispatcher/agent.js'
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'
Object.assign(Dispatcher.prototype, api)
export { Agent, Dispatcher, ProxyAgent }
`,
  ],
])

/** Replaces the modules, and reports each import of one. */
export function replaceModules(onReplaced: (replacement: Replacement) => void): Plugin {
  return {
    name: 'replace-modules',
    setup: (bundler) => {
      bundler.onResolve({ filter: /^[^.]/ }, ({ path: module, importer, resolveDir }) => {
        if (!REPLACED.has(module)) return undefined
        onReplaced({ module, importer })
        return { path: module, namespace: 'replaced', pluginData: resolveDir }
      })
      bundler.onLoad({ filter: /^/, namespace: 'replaced' }, ({ path, pluginData }) => ({
        contents: REPLACED.get(path) ?? '',
        resolveDir: String(pluginData),
      }))
    },
  }
}
