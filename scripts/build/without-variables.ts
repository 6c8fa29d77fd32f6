/**
 * A compiled program that no longer knows these environment variables.
 *
 * Bun's runtime would take options, and with them code to load first, from BUN_OPTIONS, and would be the whole of Bun for
 * BUN_BE_BUN; no flag of the build switches them off. An equals sign can't stand in the name of a variable: with one in the
 * place of an underscore, nobody can set it.
 *
 * @throws {Error} A name is not in the program: the runtime has changed, and the step must be thought through anew.
 */
export function withoutVariables(program: Buffer, names: readonly string[]): Buffer {
  const changed = Buffer.from(program)
  for (const name of names) {
    let at = changed.indexOf(name)
    if (at < 0) throw new Error(`the compiled program does not know ${name}`)
    for (; at >= 0; at = changed.indexOf(name, at)) changed.write(name.replaceAll('_', '='), at, 'latin1')
  }
  return changed
}
