/** APIs of Bun, the runtime of the executable. Undefined on Node.js. */
declare const Bun: { shrink(): void; readonly unsafe: { setJITPolicy(scale: number): void } } | undefined

/** Time for the start to settle, mainly for the first connections to AWS, in milliseconds. */
const SETTLING_MS = 1_000

/** Saves memory while the server is idle. Without effect on Node.js. */
interface Runtime {
  /** Call when the server listens. Frees the memory that only the start needed, unless a request has arrived by then. */
  started(): void
  /** Call on the first request. Code that runs from then on is hot, so compile it as early as usual. */
  asked(): void
}

/**
 * Keeps the frugal JIT policy that the build sets with `--compile-jit-policy` (scripts/build/compile.ts) until the
 * first request.
 */
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
