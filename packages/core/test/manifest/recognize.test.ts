import { test } from 'tap'
import { recognizeFile, type FileKind } from '../../src/manifest/recognize.ts'

const ROWS: readonly (readonly [text: string, kind: FileKind | null])[] = [
  ['clusterID: x\nserver: {}\n', 'configuration'],
  ['serer:\n  port: 1\n', 'configuration'],
  ['{"clusterID": "x", "server": {"mapRoles": []}}', 'configuration'],
  ['mapRoles:\n- rolearn: x\n', 'configuration'],
  ['# c\nclusterID = "x"\n', 'toml_configuration'],
  ['[server]\nport = 1\n', 'toml_configuration'],
  ['apiVersion: v1\nkind: ConfigMap\n', 'manifests'],
  ['---\n---\nkind: List\napiVersion: v1\nitems: []\n', 'manifests'],
  ['{"apiVersion": "v1", "kind": "ConfigMap"}', 'manifests'],
  ['apiVersion: v1\nkind: ConfigMap\ndata:\n\tx: y\n', 'manifests'],
  ['{"mapRoles": [], "Version": "1"}', 'dynamic_file'],
  ['{"LastUpdatedDateTime": "1"}', 'dynamic_file'],
  ['{"mapRoles": [ // comment\n', 'dynamic_file'],
  ['{"entries": [], // comment\n"mapUsers" : [', 'dynamic_file'],
  ['{"entries": [], // comment\n"users": [', null],
  ['entries:\n  "mapUsers": []\n', null],
  ['? [a]\n: b\nserver: {}\n', 'configuration'],
  ['? [kind]\n: apiVersion\n', null],
  ['{"backendMode": "CRD"}', 'backend_mode_file'],
  ['- rolearn: x\n', null],
  ['hello\n', null],
  ['', null],
  ['name: x\nsteps: []\n', null],
]

void test('a file is recognized by its content', async (t) => {
  for (const [text, kind] of ROWS) t.equal(recognizeFile(text), kind, text)
})
