import t from 'tap'
import { memoryWarning, NEEDED_MEMORY, readMemoryLimit } from '../../src/server/memory-limit.ts'

const MEBIBYTE = 1024 * 1024

/** The limit that a process sees in a file system of these files. */
function limitIn(files: Readonly<Record<string, string>>): number | null {
  const tree = new Map(Object.entries(files))
  return readMemoryLimit((path) => tree.get(path) ?? null)
}

t.test('cgroup v2: the lowest limit of the group and its parents counts', (t) => {
  const membership = { '/proc/self/cgroup': '0::/kubepods/pod1/container\n' }
  const pod = '/sys/fs/cgroup/kubepods/pod1'
  t.equal(limitIn({ ...membership, [`${pod}/container/memory.max`]: '20971520\n' }), 20 * MEBIBYTE)
  t.equal(
    limitIn({ ...membership, [`${pod}/container/memory.max`]: 'max\n', [`${pod}/memory.max`]: '41943040\n' }),
    40 * MEBIBYTE,
  )
  t.equal(limitIn({ ...membership, [`${pod}/container/memory.max`]: 'max\n' }), null)
  t.equal(limitIn({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '20971520\n' }), 20 * MEBIBYTE)
  t.end()
})

t.test('cgroup v1: also if only the host sees the path of the group', (t) => {
  const membership = { '/proc/self/cgroup': '7:cpu,cpuacct:/a\n6:memory:/docker/0123\n0::/\n' }
  const root = '/sys/fs/cgroup/memory'
  t.equal(limitIn({ ...membership, [`${root}/docker/0123/memory.limit_in_bytes`]: '20971520\n' }), 20 * MEBIBYTE)
  t.equal(limitIn({ ...membership, [`${root}/memory.limit_in_bytes`]: '20971520\n' }), 20 * MEBIBYTE)
  t.equal(limitIn({ ...membership, [`${root}/memory.limit_in_bytes`]: '9223372036854771712' }), null)
  t.end()
})

t.test('no control groups, or unknown formats, mean no limit', (t) => {
  t.equal(limitIn({}), null)
  t.equal(limitIn({ '/proc/self/cgroup': 'rubbish\n\n1:\n' }), null)
  t.equal(limitIn({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '-1\n' }), null)
  t.equal(limitIn({ '/proc/self/cgroup': '0::../up\n', '/sys/fs/cgroup/memory.max': '1\n' }), null)
  t.end()
})

t.test('a limit that is too low is warned about with the field to change', (t) => {
  t.equal(memoryWarning(null), null)
  t.equal(memoryWarning(NEEDED_MEMORY), null)
  const warning = memoryWarning(20 * MEBIBYTE)
  t.match(warning?.message, 'resources.limits.memory')
  t.same(warning?.fields, { limit: '20Mi', needed: '80Mi' })
  t.end()
})
