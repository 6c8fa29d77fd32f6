const BEGIN = '-----BEGIN '
const END = '-----END '
const CLOSE = '-----'

/**
 * The blocks of a PEM text with one of these labels, such as `CERTIFICATE`, from the first dash to the last. Incomplete blocks are omitted.
 * Takes linear time.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7468 | RFC 7468}
 */
export function pemBlocks(text: string, labels: readonly string[]): readonly string[] {
  const parts = text.split(END)
  return parts.slice(1).flatMap((after, index) => {
    const label = labels.find((candidate) => after.startsWith(candidate + CLOSE))
    const before = parts[index]
    if (label === undefined || before === undefined) return []
    const start = before.lastIndexOf(BEGIN + label + CLOSE)
    return start < 0 ? [] : [before.slice(start) + END + label + CLOSE]
  })
}
