/**
 * Returns whether a whole text matches a pattern. `*` matches any number of characters and `?` matches one, except `/`. Other characters match
 * themselves, including their case.
 *
 * Only the last `*` is extended on a mismatch, because the parts before it were found at their first place. The cost is at most the product
 * of the lengths.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0
  let afterStar = -1
  let starEnd = 0
  for (let index = 0; index < text.length;) {
    const wanted = pattern[at]
    if (wanted === '*') {
      at += 1
      afterStar = at
      starEnd = index
    } else if (wanted === '?' ? text[index] !== '/' : wanted === text[index]) {
      at += 1
      index += 1
    } else if (afterStar >= 0 && text[starEnd] !== '/') {
      starEnd += 1
      at = afterStar
      index = starEnd
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}
