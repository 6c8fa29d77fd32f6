import { parseBackendModeFile } from '../../src/mapping/backend-mode-file.ts'
import { test } from 'tap'

const parse = (content: unknown) =>
  parseBackendModeFile(typeof content === 'string' ? content : JSON.stringify(content), 'mode.json')

void test('names are separated by spaces and keep their order', async (t) => {
  t.match(parse({ LastUpdatedDateTime: '1700000000', Version: '2', backendMode: 'CRD  MountedFile' }), {
    file: { modes: ['CRD', 'MountedFile'], warnings: [], version: '2', updatedAt: 1_700_000_000 },
    problems: [],
  })
  t.match(parse({ BACKENDMODE: ' File ConfigMap ' }), { file: { modes: ['MountedFile', 'EKSConfigMap'] } })
  t.equal(parse({ backendMode: 'File' }).file?.warnings.length, 1)
})

void test('any error invalidates the file and is reported with its place', async (t) => {
  for (const content of [
    '',
    '{"backendMode": "CRD"',
    'backendMode: CRD',
    [],
    {},
    { backendMode: '' },
    { backendMode: ' ' },
    { backendMode: 'Crd' },
    { backendMode: 'CRD,MountedFile' },
    { backendMode: 'CRD CRD' },
    { backendMode: ['CRD'] },
    { backendMode: null },
    { backendMode: 'CRD', Version: 2 },
  ]) {
    const { file, problems } = parse(content)
    t.equal(file, null, JSON.stringify(content))
    t.match(problems[0], { severity: 'error', location: { source: 'mode.json', line: 1 } }, JSON.stringify(content))
  }
})
