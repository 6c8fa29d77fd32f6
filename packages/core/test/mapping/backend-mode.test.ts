import { BACKEND_MODES, parseBackendModes } from '../../src/mapping/backend-mode.ts'
import { test } from 'tap'

void test('modes keep their order; old names become new ones, with a warning', async (t) => {
  t.same(BACKEND_MODES, ['MountedFile', 'EKSConfigMap', 'CRD', 'DynamicFile'])
  t.same(parseBackendModes(['CRD', 'MountedFile']), { modes: ['CRD', 'MountedFile'], warnings: [] })
  const { modes, warnings } = parseBackendModes(['ConfigMap', 'File'])
  t.same(modes, ['EKSConfigMap', 'MountedFile'])
  t.equal(warnings.length, 2)
})

void test('an empty list, an unknown name and a duplicate name are errors', async (t) => {
  for (const names of [
    [],
    [''],
    ['file'],
    ['constructor'],
    ['CRD', 'CRD'],
    ['File', 'MountedFile'],
    ['CRD', ' File'],
  ]) {
    t.throws(() => parseBackendModes(names), TypeError, JSON.stringify(names))
  }
})
