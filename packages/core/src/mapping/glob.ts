/**
 * Whether a text as a whole fits a pattern: `*` is any number of signs, `?` is one sign, neither is ever a `/`; all else is
 * itself, with its case.
 *
 * Where a `*` has to take more signs, only the last one does: what the ones before it took can stay, since the parts between
 * them were found at their first place. So the cost is bounded by the product of the lengths, whatever the pattern.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0
  let afterStar = -1
  let starEnd = 0
  for (let index = 0; index < text.length;) {
    const sign = pattern[at]
    if (sign === '*') {
      at += 1
      afterStar = at
      starEnd = index
    } else if (sign === '?' ? text[index] !== '/' : sign === text[index]) {
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
