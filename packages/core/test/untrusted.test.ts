import { errorCode, isRecord, messageOf, property, textAt } from '../src/untrusted.ts'
import { test } from 'tap'

void test('property reads own properties only', async (t) => {
  t.equal(property({ a: 1 }, 'a'), 1)
  t.equal(property(Object.create({ a: 1 }), 'a'), undefined)
  t.equal(property(JSON.parse('{"__proto__":{"a":1}}'), 'a'), undefined)
  for (const value of [null, undefined, 'text', 1]) t.equal(property(value, 'length'), undefined)
  t.equal(property({}, 'constructor'), undefined)
})

void test('textAt follows a path and returns only text', async (t) => {
  t.equal(textAt({ a: { b: 'x' } }, 'a', 'b'), 'x')
  t.equal(textAt({ a: { b: 1 } }, 'a', 'b'), undefined)
  t.equal(textAt(null, 'a', 'b'), undefined)
})

void test('isRecord accepts objects with named properties', async (t) => {
  t.ok(isRecord({}))
  for (const value of [null, undefined, [], 'text', 1]) t.notOk(isRecord(value))
})

void test('messageOf accepts any thrown value', async (t) => {
  t.equal(messageOf(new Error('x')), 'x')
  t.equal(messageOf('y'), 'y')
  t.equal(messageOf(undefined), 'undefined')
})

void test('the code of an error, also from its prototype', async (t) => {
  class WithCode extends Error {
    get code(): string {
      return 'ERR_OF_THE_CLASS'
    }
  }
  t.equal(errorCode(Object.assign(new Error('x'), { code: 'ENOENT' })), 'ENOENT')
  t.equal(errorCode(new WithCode('x')), 'ERR_OF_THE_CLASS')
  t.equal(errorCode(Object.assign(new Error('x'), { code: 7 })), undefined)
  t.equal(errorCode({ code: 'ENOENT' }), undefined)
  t.equal(errorCode(null), undefined)
})
