import {
  BACKEND_MODES,
  backendsWithKey,
  findPathMismatches,
  parseBackendModes,
} from '../../src/mapping/backend-mode.ts'
import { test } from 'tap'

void test('modes keep their order; old names become new ones, with a warning', async (t) => {
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

void test('an empty list, an unknown name and a duplicate name are errors', async (t) => {
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

void test('a key has the backends that read it', async (t) => {
  t.same(backendsWithKey('mapRoles'), ['MountedFile'])
  t.same(backendsWithKey('kubeconfig'), ['EKSConfigMap', 'CRD'])
  t.same(backendsWithKey('port'), [])
})

void test('a backend without its file and a path without its backend are mismatches', async (t) => {
  const key = 'server.dynamicfilepath'
  const mode = 'DynamicFile'
  t.same(
    findPathMismatches(['CRD', mode], () => false),
    [{ mode, key, isMissing: true }],
  )
  t.same(
    findPathMismatches(['CRD'], () => true),
    [{ mode, key, isMissing: false }],
  )
  t.same(
    findPathMismatches([mode], () => true),
    [],
  )
  t.same(
    findPathMismatches(['MountedFile'], () => false),
    [],
  )
})
