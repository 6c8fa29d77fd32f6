import {
  ALLOWED_ENGINE_OPTIONS,
  ALLOWED_VARIABLES,
  DENIED_OTHER_VARIABLES,
  DENIED_VARIABLES,
  NOT_VARIABLES,
  REQUIRED_ENGINE_OPTIONS,
  REQUIRED_VARIABLES,
} from './runtime-variables.ts'

const DECISIONS = 'scripts/build/runtime-variables.ts'
const DENIED: ReadonlySet<string> = new Set(DENIED_VARIABLES)
/** Allowed variables and text that is not a variable. */
const KEPT: ReadonlySet<string> = new Set([...ALLOWED_VARIABLES.keys(), ...NOT_VARIABLES.keys()])

/** A variable's name in a text, and the index of its first character. */
interface Occurrence {
  readonly name: string
  readonly at: number
}

/**
 * Finds the denied names in `run`, a text of letters, digits and underscores, and the first part that no decision covers.
 *
 * The compiler stores many names without a separator, one after the other or in front of other text. A denied name may therefore be
 * followed by anything but an underscore; a name that is kept must end the run or be followed by the next name.
 */
function readRun(run: string): { denied: readonly Occurrence[]; undecided?: string } {
  const found: Occurrence[] = []
  for (let at = run.indexOf('BUN_'); at >= 0;) {
    const isDecided = (end: number): boolean => {
      const name = run.slice(at, end)
      return (
        (DENIED.has(name) && run[end] !== '_') ||
        (KEPT.has(name) && (end === run.length || run.startsWith('BUN_', end)))
      )
    }
    let end = run.length
    while (end > at && !isDecided(end)) end -= 1
    if (end === at) return { denied: found, undecided: run.slice(at) }
    const name = run.slice(at, end)
    if (DENIED.has(name)) found.push({ name, at })
    at = run.indexOf('BUN_', end)
  }
  return { denied: found }
}

function readText(text: string): { denied: readonly Occurrence[]; undecided: readonly string[] } {
  const denied: Occurrence[] = []
  const undecided: string[] = []
  for (const { 0: run, index } of text.matchAll(/BUN_\w*/g)) {
    const read = readRun(run)
    denied.push(...read.denied.map(({ name, at }) => ({ name, at: index + at })))
    if (read.undecided !== undefined) undecided.push(read.undecided)
  }
  return { denied, undecided }
}

/** Finds where the runtime reads a denied variable of another name: as a text between NULs, or in JavaScript source. */
function otherVariables(text: string): readonly Occurrence[] {
  const names = DENIED_OTHER_VARIABLES.join('|')
  const read = new RegExp(`(?<=\\0)(?:${names})(?=\\0)|(?<=env\\.)(?:${names})\\b|(?<=")(?:${names})(?=")`, 'g')
  return [...text.matchAll(read)].map(({ 0: name, index }) => ({ name, at: index }))
}

const PREFIX_UTF16 = Buffer.from('BUN_', 'utf16le')

/** The longest name in UTF-16, in characters. */
const LONGEST_UTF16 = 200

/** Finds texts in UTF-16, the encoding of names on Windows. */
function* placesInUtf16(program: Buffer): Generator<{ readonly at: number; readonly text: string }> {
  for (let at = program.indexOf(PREFIX_UTF16); at >= 0; at = program.indexOf(PREFIX_UTF16, at + 1)) {
    yield { at, text: /^\w+/.exec(program.toString('utf16le', at, at + 2 * LONGEST_UTF16))?.[0] ?? '' }
  }
}

/** A key of the runtime's transpiler. It reads no variable, and must stay a valid expression. */
const REPLACED_EXPRESSION = 'process.env.BUN_ENV'

/**
 * Overwrites a name so that no variable can have it. The name of a variable can't contain a NUL, and C libraries find no variable with
 * an empty name. JavaScript source gets an expression of the same length instead.
 */
function denyAt(program: Buffer, text: string, { name, at }: Occurrence): void {
  if (!readsVariable(text, { name, at })) return
  if (text.startsWith('env.', at - 4)) program.write(`["="${' '.repeat(name.length - 4)}]`, at - 1, 'latin1')
  else program[at] = 0
}

/** Returns true if the runtime reads the variable here. JavaScript source such as `{ NAME: "1" }` sets it for a child process. */
function readsVariable(text: string, { name, at }: Occurrence): boolean {
  const isPropertyKey = /^[,{] $/.test(text.slice(at - 2, at)) && text.startsWith(': ', at + name.length)
  const end = at + name.length
  return !isPropertyKey && text.slice(end - REPLACED_EXPRESSION.length, end) !== REPLACED_EXPRESSION
}

/** Finds JavaScriptCore's options, which the runtime contains as `JSC_<name>`. */
function engineOptions(text: string): ReadonlyMap<string, number> {
  return new Map([...text.matchAll(/(?<!\w)JSC_([A-Za-z\d]+)(?=\0)/g)].map(({ 1: name = '', index }) => [name, index]))
}

/**
 * Denies all options of JavaScriptCore except the allowed ones. The name of an option ends at the first equals sign of
 * `BUN_JSC_<name>=<value>`, so a name that contains one matches nothing and the runtime refuses to start.
 */
function denyEngineOptions(program: Buffer, text: string): void {
  const options = engineOptions(text)
  const missing = [...REQUIRED_ENGINE_OPTIONS, ...ALLOWED_ENGINE_OPTIONS.keys()].filter((name) => !options.has(name))
  if (missing.length > 0) {
    throw new Error(
      `the runtime has no JavaScriptCore options ${missing.join(', ')}: find out how it reads options now, then correct ${DECISIONS}`,
    )
  }
  for (const [name, at] of options) {
    // `JSC_<name>` is a variable too.
    program[at] = 0
    if (!ALLOWED_ENGINE_OPTIONS.has(name)) program.write('=', at + 'JSC_'.length, 'latin1')
  }
  for (const { 0: name, index } of text.matchAll(/(?<=\0)[A-Za-z][A-Za-z\d]*(?=\0)/g)) {
    if (options.has(name) && !ALLOWED_ENGINE_OPTIONS.has(name)) program.write('=', index, 'latin1')
  }
}

/**
 * Returns a copy of the runtime that obeys only the allowed environment variables and JavaScriptCore options. Bun's build has no flag
 * for that: BUN_OPTIONS loads code, BUN_BE_BUN runs Bun itself, BUN_INSPECT opens a debugger.
 *
 * @throws {Error} The runtime contains a name without a decision, or lacks a required one.
 */
export function denyVariables(program: Buffer): Buffer {
  const text = program.toString('latin1')
  const { denied, undecided } = readText(text)
  const wide = [...placesInUtf16(program)].map(({ at, text: run }) => ({ at, read: readRun(run) }))
  const unknown = new Set([...undecided, ...wide.flatMap(({ read }) => read.undecided ?? [])])
  if (unknown.size > 0) {
    throw new Error(
      `the runtime reads variables without a decision: ${[...unknown].join(', ')}: add each to a table in ${DECISIONS}`,
    )
  }
  const found = new Set(denied.map(({ name }) => name))
  const missing = REQUIRED_VARIABLES.filter((name) => !found.has(name))
  if (missing.length > 0) {
    throw new Error(
      `the runtime does not contain ${missing.join(', ')}: find out how it reads variables now, then correct ${DECISIONS}`,
    )
  }
  const changed = Buffer.from(program)
  for (const occurrence of denied) denyAt(changed, text, occurrence)
  for (const { at, read } of wide) {
    for (const { at: offset } of read.denied) changed.writeUInt16LE(0, at + 2 * offset)
  }
  for (const occurrence of otherVariables(text)) denyAt(changed, text, occurrence)
  denyEngineOptions(changed, text)
  return changed
}

/**
 * Finds denied variables and engine options that a program still obeys. A compiled executable also contains our bundle, so this
 * searches only for names that the bundle does not contain.
 */
export function obeyedVariables(program: Buffer): readonly string[] {
  const text = program.toString('latin1')
  const wide = [...placesInUtf16(program)].flatMap(({ text: run }) => readRun(run).denied)
  const narrow = readText(text).denied.filter((occurrence) => readsVariable(text, occurrence))
  const options = REQUIRED_ENGINE_OPTIONS.map((name) => `JSC_${name}`).filter((name) => text.includes(`${name}\0`))
  return [...[...narrow, ...wide].map(({ name }) => name), ...options]
}
