/** Copies a text, so that it keeps nothing else in memory: a substring of a token would keep the whole token. */
export function detach(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}
