/** Joins words to lines of a width. A word that is longer gets a line of its own. */
export function joinWords(words: readonly string[], width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Wraps a text to a width. Words are never split. Each line is indented as the text is. */
export function wrap(text: string, width: number): string[] {
  const content = text.trimStart()
  const indent = text.slice(0, text.length - content.length)
  return joinWords(content.split(' '), width - indent.length).map((line) => indent + line)
}

/** A text beside a label, and below it. */
interface Beside {
  /** What goes next to the label. */
  readonly first: string
  /** The lines below, indented. */
  readonly rest: readonly string[]
}

/**
 * Wraps a text in the column to the right of a label.
 *
 * @param column The number of characters to the left of the column. A word that does not fit into it, such as the ARN of a role, gets a
 *   line of its own that begins further to the left.
 */
export function wrapBeside(text: string, column: number, width: number): Beside {
  const lines = wrap(text, width - column)
  const [first = '', ...rest] = lines
  const indented = (line: string): string => ' '.repeat(Math.max(0, Math.min(column, width - line.length))) + line
  if (column + first.length > width) return { first: '', rest: lines.map(indented) }
  return { first, rest: rest.map(indented) }
}

/** The words of a command line. Quoted text is one word. */
function wordsOf(commandLine: string): string[] {
  const words = ['']
  let quote = ''
  for (const character of commandLine) {
    if (character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
    if (character === ' ' && quote === '') words.push('')
    else words[words.length - 1] += character
  }
  return words
}

/** Joins each flag with the value after it. */
function withValues(words: readonly string[]): string[] {
  const joined: string[] = []
  for (const [index, word] of words.entries()) {
    const isFlag = /^--?[a-z-]+$/.test(words[index - 1] ?? '')
    if (isFlag && !/^(?:-.+|\|)$/.test(word)) joined[joined.length - 1] += ` ${word}`
    else joined.push(word)
  }
  return joined
}

/** Wraps a command line to a width, so that it can still be pasted. */
export function wrapCommand(commandLine: string, width: number): string[] {
  if (commandLine.length <= width) return [commandLine]
  // Room for the indentation and the backslash.
  const lines = joinWords(withValues(wordsOf(commandLine)), width - 4)
  return lines.map((line, index) => `${index === 0 ? '' : '  '}${line}${index === lines.length - 1 ? '' : ' \\'}`)
}
