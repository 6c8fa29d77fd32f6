import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { saveKubeconfig } from '../../../src/kubeconfig/update/save-kubeconfig.ts'

t.test('a file that another program changed after it was read is left as it is', async (t) => {
  const path = join(t.testdir({ config: 'a' }), 'config')
  await t.rejects(saveKubeconfig({ path, before: 'older', after: 'b' }), { code: 'kubeconfig_changed' })
  await t.rejects(saveKubeconfig({ path, before: undefined, after: 'b' }), { code: 'kubeconfig_changed' })
  t.equal(readFileSync(path, 'utf8'), 'a')
  t.equal(existsSync(`${path}.lock`), false)
  await saveKubeconfig({ path, before: 'a', after: 'b' })
  t.equal(readFileSync(path, 'utf8'), 'b')
  writeFileSync(`${path}.lock`, '')
  await t.rejects(saveKubeconfig({ path, before: 'b', after: 'c' }), { code: 'kubeconfig_locked' })
  t.equal(readFileSync(path, 'utf8'), 'b')
})
