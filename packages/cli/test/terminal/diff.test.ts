import t from 'tap'
import { renderDiff } from '../../src/terminal/diff.ts'

function diff(before: string, after: string): string {
  const style = { width: null, marks: false, paint: (text: string) => text }
  const lines = renderDiff('x', before, after, style).flat()
  return lines.map((part) => (typeof part === 'string' ? part : part.text)).join('\n')
}

function many(word: string): string {
  return Array.from({ length: 1_500 }, (_, index) => `${word}${index}\n`).join('')
}

t.test('a unified diff has the shortest difference and its context', (t) => {
  t.equal(diff('a\n', 'a\n'), '')
  t.equal(diff('', 'a\n'), '--- x\n+++ x\n@@ -0,0 +1,1 @@\n+a')
  t.equal(diff('a\n', ''), '--- x\n+++ x\n@@ -1,1 +0,0 @@\n-a')
  t.equal(diff('a\nb', 'a\nc\n'), '--- x\n+++ x\n@@ -1,2 +1,2 @@\n a\n-b (no line break at the end)\n+c')
  const lines = 'a b c d e f g h i j k l m n o p q r s t'.split(' ')
  const changed = lines.filter((line) => line !== 'b').map((line) => (line === 's' ? 'S' : line))
  t.equal(
    diff(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`),
    '--- x\n+++ x\n@@ -1,5 +1,4 @@\n a\n-b\n c\n d\n e\n@@ -16,5 +15,5 @@\n p\n q\n r\n-s\n+S\n t',
  )
  t.end()
})

t.test('texts with too many differences are shown as a whole', (t) => {
  const lines = diff(many('a'), many('b')).split('\n')
  t.equal(lines.filter((line) => line.startsWith('-a')).length, 1_500)
  t.equal(lines.filter((line) => line.startsWith('+b')).length, 1_500)
  t.end()
})
