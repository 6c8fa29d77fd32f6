import { BACKEND_MODES, parseBackendModes } from '../../src/mapping/backend-mode.ts'
import { test } from 'tap'

void test('the modes keep their order; older names become the newer ones, with a warning', async (t) => {
  t.same(BACKEND_MODES, ['MountedFile', 'EKSConfigMap', 'CRD', 'DynamicFile'])
  t.same(parseBackendModes(['CRD', 'MountedFile']), { modes: ['CRD', 'MountedFile'], warnings: [] })
  const { modes, warnings } = parseBackendModes(['ConfigMap', 'File'])
  t.same(modes, ['EKSConfigMap', 'MountedFile'])
  t.equal(warnings.length, 2)
})

void test('a backend by both of its names is asked once', async (t) => {
  const { modes, warnings } = parseBackendModes(['File', 'EKSConfigMap', 'MountedFile', 'ConfigMap'])
  t.same(modes, ['MountedFile', 'EKSConfigMap'])
  t.match(warnings, [/File is an older name/, /remove MountedFile/, /ConfigMap is an older name/, /remove ConfigMap/])
})

void test('an empty list, an unknown name and one name twice are errors', async (t) => {
  for (const names of [
    [],
    [''],
    ['file'],
    ['constructor'],
    ['CRD', 'CRD'],
    ['File', 'MountedFile', 'File'],
    ['CRD', ' File'],
  ]) {
    t.throws(() => parseBackendModes(names), TypeError, JSON.stringify(names))
  }
})
