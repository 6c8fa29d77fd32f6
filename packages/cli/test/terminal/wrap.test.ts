import { test } from 'tap'
import { wrap, wrapBeside, wrapCommand } from '../../src/terminal/wrap.ts'
import { createWriter } from '../../src/terminal/writer.ts'

void test('a text is wrapped between words, each line with its indentation', async (t) => {
  t.same(wrap('one two three', 7), ['one two', 'three'])
  t.same(wrap('  one two three', 9), ['  one two', '  three'])
  t.same(wrap('a /a/very/long/path b', 5), ['a', '/a/very/long/path', 'b'], 'no word is split')
  t.same(wrap('one two three', Infinity), ['one two three'])
  t.same(wrap('', 5), [''])
})

void test('a text beside a label is aligned, and a word that is too long for that begins further to the left', async (t) => {
  t.same(wrapBeside('one two three', 4, 12), { first: 'one two', rest: ['    three'] })
  t.same(wrapBeside('one arn:aws:iam two', 6, 14), { first: 'one', rest: ['   arn:aws:iam', '      two'] })
  t.same(wrapBeside('arn:aws:iam two', 6, 14), { first: '', rest: ['   arn:aws:iam', '      two'] })
  t.same(wrapBeside('longer-than-the-terminal', 6, 14), { first: '', rest: ['longer-than-the-terminal'] })
  t.same(wrapBeside('one two', 4, Infinity), { first: 'one two', rest: [] })
})

void test('a command stays one that can be pasted, and a flag stays with its value', async (t) => {
  const command = `x add role --role 'a b' --cache -i c -t - | y --name "{{N}}" -o json`
  t.same(wrapCommand(command, 200), [command])
  const lines = wrapCommand(command, 20)
  t.same(lines, [
    'x add role \\',
    "  --role 'a b' \\",
    '  --cache -i c \\',
    '  -t - | y \\',
    '  --name "{{N}}" \\',
    '  -o json',
  ])
  for (const line of lines) t.ok(line.length <= 20, line)
  t.equal(lines.join('\n').replaceAll(/ \\\n +/g, ' '), command)
})

void test('messages are wrapped after escaping, and documents never', async (t) => {
  const written: string[] = []
  const writer = createWriter(
    (text) => written.push(text),
    () => 12,
  )
  writer.line('one\ntwo three four')
  writer.lines(['  five six seven'])
  writer.document('eight nine ten\n')
  t.same(written, ['one\\ntwo\nthree four\n', '  five six\n  seven\n', 'eight nine ten\n'])
})
