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

/** The decisions that a runtime is checked against. */
export interface Decisions {
  readonly denied: ReadonlySet<string>
  /** Allowed variables and text that is not a variable. */
  readonly kept: ReadonlySet<string>
  readonly required: readonly string[]
}

/** A variable's name in a text, and the character that it begins at. */
interface Occurrence {
  readonly name: string
  readonly at: number
}

/** The checked-in decisions; `keep` are denied variables that this build allows. */
export function decisions(keep: readonly string[] = []): Decisions {
  return {
    denied: new Set(DENIED_VARIABLES.filter((name) => !keep.includes(name))),
    kept: new Set([...ALLOWED_VARIABLES.keys(), ...NOT_VARIABLES.keys(), ...keep]),
    required: REQUIRED_VARIABLES.filter((name) => !keep.includes(name)),
  }
}

/**
 * The denied names in `run`, a text of letters, digits and underscores, and the first part that no decision covers.
 *
 * The compiler stores many names without a separator, one after the other or in front of other text. A denied name may therefore be
 * followed by anything but an underscore; a name that is kept must end the run or be followed by the next name.
 */
function readRun(run: string, { denied, kept }: Decisions): { denied: readonly Occurrence[]; undecided?: string } {
  const found: Occurrence[] = []
  for (let at = run.indexOf('BUN_'); at >= 0;) {
    const isDecided = (end: number): boolean => {
      const name = run.slice(at, end)
      return (
        (denied.has(name) && run[end] !== '_') ||
        (kept.has(name) && (end === run.length || run.startsWith('BUN_', end)))
      )
    }
    let end = run.length
    while (end > at && !isDecided(end)) end -= 1
    if (end === at) return { denied: found, undecided: run.slice(at) }
    const name = run.slice(at, end)
    if (denied.has(name)) found.push({ name, at })
    at = run.indexOf('BUN_', end)
  }
  return { denied: found }
}

function readText(text: string, tables: Decisions): { denied: readonly Occurrence[]; undecided: readonly string[] } {
  const denied: Occurrence[] = []
  const undecided: string[] = []
  for (const { 0: run, index } of text.matchAll(/BUN_\w*/g)) {
    const read = readRun(run, tables)
    denied.push(...read.denied.map(({ name, at }) => ({ name, at: index + at })))
    if (read.undecided !== undefined) undecided.push(read.undecided)
  }
  return { denied, undecided }
}

/** Places where the runtime reads a denied variable of another name: a text of its own, and JavaScript source. */
function otherVariables(text: string): readonly Occurrence[] {
  const names = DENIED_OTHER_VARIABLES.join('|')
  const read = new RegExp(`(?<=\\0)(?:${names})(?=\\0)|(?<=env\\.)(?:${names})\\b|(?<=")(?:${names})(?=")`, 'g')
  return [...text.matchAll(read)].map(({ 0: name, index }) => ({ name, at: index }))
}

const PREFIX_UTF16 = Buffer.from('BUN_', 'utf16le')

/** Characters of UTF-16 that one name can have at most. */
const LONGEST_UTF16 = 200

/** The places of texts in UTF-16, which Windows takes names in. */
function* placesInUtf16(program: Buffer): Generator<{ readonly at: number; readonly text: string }> {
  for (let at = program.indexOf(PREFIX_UTF16); at >= 0; at = program.indexOf(PREFIX_UTF16, at + 1)) {
    yield { at, text: /^\w+/.exec(program.toString('utf16le', at, at + 2 * LONGEST_UTF16))?.[0] ?? '' }
  }
}

/** The key under which the runtime's transpiler replaces an expression. It reads nothing, and must stay an expression. */
const REPLACED_EXPRESSION = 'process.env.BUN_ENV'

/**
 * Overwrites a name so that no variable can have it. No name of a variable holds a NUL, and C libraries look for no variable with an
 * empty name. JavaScript source needs an expression of the same length instead.
 */
function denyAt(program: Buffer, text: string, { name, at }: Occurrence): void {
  if (!readsVariable(text, { name, at })) return
  if (text.startsWith('env.', at - 4)) program.write(`["="${' '.repeat(name.length - 4)}]`, at - 1, 'latin1')
  else program[at] = 0
}

/** Whether the name is there to read the variable. JavaScript source as `{ NAME: "1" }` sets it for a child process. */
function readsVariable(text: string, { name, at }: Occurrence): boolean {
  const isPropertyKey = /^[,{] $/.test(text.slice(at - 2, at)) && text.startsWith(': ', at + name.length)
  const end = at + name.length
  return !isPropertyKey && text.slice(end - REPLACED_EXPRESSION.length, end) !== REPLACED_EXPRESSION
}

/** The names of JavaScriptCore's options: each stands as `JSC_<name>` in the runtime. */
function engineOptions(text: string): ReadonlyMap<string, number> {
  return new Map([...text.matchAll(/(?<!\w)JSC_([A-Za-z\d]+)(?=\0)/g)].map(({ 1: name = '', index }) => [name, index]))
}

/**
 * Denies JavaScriptCore's options but the allowed ones. An option's name ends at the first equals sign of `BUN_JSC_<name>=<value>`,
 * so a name with an equals sign in it matches nothing: the runtime refuses to start.
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
    // `JSC_<name>` itself is a variable too.
    program[at] = 0
    if (!ALLOWED_ENGINE_OPTIONS.has(name)) program.write('=', at + 'JSC_'.length, 'latin1')
  }
  for (const { 0: name, index } of text.matchAll(/(?<=\0)[A-Za-z][A-Za-z\d]*(?=\0)/g)) {
    if (options.has(name) && !ALLOWED_ENGINE_OPTIONS.has(name)) program.write('=', index, 'latin1')
  }
}

/**
 * A copy of the runtime that obeys only the allowed environment variables and JavaScriptCore options. No flag of Bun's build switches
 * the others off: BUN_OPTIONS loads code, BUN_BE_BUN is the whole of Bun, BUN_INSPECT opens a debugger.
 *
 * @throws {Error} The runtime has a name that nobody has decided on, or lacks one that every runtime has.
 */
export function denyVariables(program: Buffer, tables: Decisions = decisions()): Buffer {
  const text = program.toString('latin1')
  const { denied, undecided } = readText(text, tables)
  const wide = [...placesInUtf16(program)].map(({ at, text: run }) => ({ at, read: readRun(run, tables) }))
  const unknown = new Set([...undecided, ...wide.flatMap(({ read }) => read.undecided ?? [])])
  if (unknown.size > 0) {
    throw new Error(
      `the runtime knows variables that nobody has decided on: ${[...unknown].join(', ')}: add each to a table in ${DECISIONS}`,
    )
  }
  const found = new Set(denied.map(({ name }) => name))
  const missing = tables.required.filter((name) => !found.has(name))
  if (missing.length > 0) {
    throw new Error(
      `the runtime does not know ${missing.join(', ')}: find out how it reads variables now, then correct ${DECISIONS}`,
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
 * Denied variables and engine options that a program still obeys. A compiled executable also holds our own bundle, so only names
 * that nothing but the runtime has are looked for.
 */
export function obeyedVariables(program: Buffer): readonly string[] {
  const text = program.toString('latin1')
  const wide = [...placesInUtf16(program)].flatMap(({ text: run }) => readRun(run, decisions()).denied)
  const narrow = readText(text, decisions()).denied.filter((occurrence) => readsVariable(text, occurrence))
  const options = REQUIRED_ENGINE_OPTIONS.map((name) => `JSC_${name}`).filter((name) => text.includes(`${name}\0`))
  return [...[...narrow, ...wide].map(({ name }) => name), ...options]
}
