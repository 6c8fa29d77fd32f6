/** What Bun, of which the executable is made, has beside what Node.js has. */
declare const Bun: { shrink(): void; readonly unsafe: { setJITPolicy(scale: number): void } } | undefined

/** How long what the start has begun may take, the first connections to AWS above all, in milliseconds. */
const SETTLING_MS = 1_000

/** Spares memory while there is nothing to do; without effect on Node.js. */
interface Runtime {
  /** The server listens: what only the start needed is given back, unless there is work by then. */
  started(): void
  /** There is work: what runs from now on runs again and again, and is compiled as soon as usual. */
  asked(): void
}

/** Runs the server's runtime as thriftily as `--compile-jit-policy` begins (scripts/build/compile.ts), until there is work. */
export function createRuntime(): Runtime {
  const bun = typeof Bun === 'undefined' ? null : Bun
  let isAsked = false
  return {
    started: () => {
      setTimeout(() => {
        if (!isAsked) bun?.shrink()
      }, SETTLING_MS).unref()
    },
    asked: () => {
      isAsked = true
      bun?.unsafe.setJITPolicy(1)
    },
  }
}
