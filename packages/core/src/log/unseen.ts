/** What a terminal obeys or hides: control and format characters, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

function escapeOne(unseen: string): string {
  const units = Array.from({ length: unseen.length }, (_, at) => unseen.charCodeAt(at).toString(16).padStart(4, '0'))
  return units.map((unit) => `\\u${unit}`).join('')
}

const PLAIN = /^[ -~]*$/

/** A text that is safe to show: what a terminal would obey or hide is written as `\u001b`, as in JSON. */
export function escapeUnseen(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSEEN, escapeOne)
}
