/** A copy of a text that keeps nothing else in memory: a piece cut out of a token would keep the whole token. */
export function detach(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}
