import t from 'tap'
import { renderDiff } from '../../src/terminal/diff.ts'

function diff(before: string, after: string): string {
  const style = { width: null, marks: false, paint: (text: string) => text }
  return renderDiff('x', before, after, style)
    .map((line) => (typeof line === 'string' ? line : line.join('')))
    .join('\n')
}

t.test('a unified diff has the shortest difference and its context', (t) => {
  t.equal(diff('a\n', 'a\n'), '')
  t.equal(diff('', 'a\n'), '--- x\n+++ x\n@@ -0,0 +1,1 @@\n+a')
  t.equal(diff('a\n', ''), '--- x\n+++ x\n@@ -1,1 +0,0 @@\n-a')
  t.equal(diff('a\nb', 'a\nc\n'), '--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\n-b (no line break at the end)\n+c')
  const lines = [...'abcdefghijklmnopqrst']
  const changed = lines.filter((line) => line !== 'b').map((line) => (line === 's' ? 'S' : line))
  t.equal(
    diff(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`),
    '--- x\n+++ x\n@@ -1,5 +1,4 @@\n a\n-b\n c\n d\n e\n@@ -16,5 +15,5 @@\n p\n q\n r\n-s\n+S\n t',
  )
  t.end()
})

t.test('a diff applies', (t) => {
  const random = (seed: number): number => (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  let seed = 7
  const text = (): string => {
    const lines: string[] = []
    for (let count = (seed = random(seed)) % 12; count > 0; count -= 1) lines.push(`${(seed = random(seed)) % 3}\n`)
    return lines.join('')
  }
  for (let round = 0; round < 300; round += 1) {
    const [before, after] = [`h\n${text()}`, `h\n${text()}`]
    const lines = diff(before, after).split('\n')
    const side = (sign: string): string =>
      lines
        .filter((line) => line.startsWith(' ') || (line.startsWith(sign) && !line.startsWith(sign.repeat(3))))
        .map((line) => `${line.slice(1)}\n`)
        .join('')
    // With so few lines there are one or two parts, and the unchanged rest is at most at the ends.
    if (before === after) continue
    t.ok(before.includes(side('-').slice(0, 1)), before)
    if (lines.filter((line) => line.startsWith('@@')).length === 1 && before.length < 16) {
      t.ok(before.includes(side('-')), before)
      t.ok(after.includes(side('+')), after)
    }
  }
  t.end()
})

t.test('texts with too many differences are shown as a whole', (t) => {
  const many = (word: string): string => Array.from({ length: 1_500 }, (_, index) => `${word}${index}\n`).join('')
  const lines = diff(many('a'), many('b')).split('\n')
  t.equal(lines.filter((line) => line.startsWith('-a')).length, 1_500)
  t.equal(lines.filter((line) => line.startsWith('+b')).length, 1_500)
  t.end()
})
