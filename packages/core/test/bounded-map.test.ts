import { test } from 'tap'
import { BoundedMap } from '../src/bounded-map.ts'

void test('a full map drops its oldest entry, and reports it', async (t) => {
  const dropped: number[] = []
  const map = new BoundedMap<string, number>(2, (value) => dropped.push(value))
  map.set('a', 1).set('b', 2).set('a', 3).set('c', 4)
  t.same(
    [...map],
    [
      ['a', 3],
      ['c', 4],
    ],
  )
  t.same(dropped, [2])
  map.delete('a')
  map.set('d', 5)
  t.same([...map.keys()], ['c', 'd'])
  t.same(dropped, [2], 'a deleted entry leaves room')
})
