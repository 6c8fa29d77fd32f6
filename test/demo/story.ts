import { styleText } from 'node:util'

/** Prints each step, with colours on a terminal only. */
export interface Story {
  step(title: string): void
  command(line: string): void
  fact(name: string, value: string): void
  good(text: string): void
  bad(text: string): void
}

type Style = Parameters<typeof styleText>[0]

/** A story that is written to this stream. */
export function tellStory(stream: NodeJS.WriteStream): Story {
  const paint = (style: Style, text: string): string => styleText(style, text, { stream })
  const say = (text: string): void => {
    stream.write(`${text}\n`)
  }
  let steps = 0
  return {
    step: (title) => {
      steps += 1
      say(`\n${paint('bold', `${steps}. ${title}`)}`)
    },
    command: (line) => say(`   ${paint('cyan', `$ ${line}`)}`),
    fact: (name, value) => say(`   ${paint('dim', name.padEnd(12))} ${value}`),
    good: (text) => say(`   ${paint('green', `✓ ${text}`)}`),
    bad: (text) => say(`   ${paint('red', `✗ ${text}`)}`),
  }
}
