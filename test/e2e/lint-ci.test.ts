import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import t, { type Test } from 'tap'
import { minimalEnvironment, runCommand, temporaryFolder, type Finished } from './harness/command.ts'

const ODD = 'odd, 100%: a b.yaml'
const MANIFEST = `apiVersion: v1
kind: ConfigMap
metadata: {name: aws-auth, namespace: kube-system}
data:
  mapRoles: |
    - rolearn: "50%, x: y"
      username: a
      groups: [a]
      usrname: b
`

function field(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, key) => (typeof key === 'number' ? [found].flat()[key] : property(found, key)),
    value,
  )
}

function isValidSarif(t: Test, value: unknown): boolean {
  const ajv = new Ajv({ allErrors: true })
  formats.default(ajv)
  const schema: unknown = JSON.parse(readFileSync(new URL('harness/sarif-schema.json', import.meta.url), 'utf8'))
  if (typeof schema !== 'object' || schema === null) throw new Error('not a schema')
  const validate = ajv.compile(schema)
  const isValid = validate(value)
  if (!isValid) t.comment(JSON.stringify(validate.errors))
  return isValid
}

function folderWith(
  t: Test,
  files: Readonly<Record<string, string>>,
): {
  readonly folder: string
  readonly lint: (...args: readonly string[]) => Promise<Finished>
} {
  const folder = temporaryFolder(t)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return {
    folder,
    lint: (...args) => runCommand(['lint', ...args], { cwd: folder, environment: minimalEnvironment(folder) }),
  }
}

t.test('SARIF is valid, and has each finding with its place', async (t) => {
  const { folder, lint } = folderWith(t, { [ODD]: MANIFEST, 'good.json': '{"mapRoles": []}' })
  const { code, stdout, stderr } = await lint('-o', 'sarif', ODD)
  t.equal(code, 1, stderr)
  const report: unknown = JSON.parse(stdout)
  t.ok(isValidSarif(t, report))
  const results = [field(report, 'runs', 0, 'results')].flat()
  const json: unknown = JSON.parse((await lint('-o', 'json', ODD)).stdout)
  const findings = [property(json, 'findings')].flat()
  t.ok(findings.length > 1)
  t.strictSame(
    results.map((result) => [
      property(result, 'level'),
      field(result, 'locations', 0, 'physicalLocation', 'region', 'startLine'),
      field(result, 'locations', 0, 'physicalLocation', 'region', 'startColumn'),
      field(result, 'locations', 0, 'logicalLocations', 0, 'fullyQualifiedName'),
    ]),
    findings.map((finding) => ['severity', 'line', 'column', 'path'].map((name) => property(finding, name))),
  )
  const uri = field(results[0], 'locations', 0, 'physicalLocation', 'artifactLocation', 'uri')
  t.equal(decodeURIComponent(String(uri)), ODD)
  t.match(uri, /^odd%2C%20100%25%3A%20a%20b\.yaml$/)
  const ids = new Set([field(report, 'runs', 0, 'tool', 'driver', 'rules')].flat().map((rule) => property(rule, 'id')))
  for (const result of results) t.ok(ids.has(property(result, 'ruleId')))

  const absolute: unknown = JSON.parse((await lint('-o', 'sarif', join(folder, ODD))).stdout)
  const place = field(absolute, 'runs', 0, 'results', 0, 'locations', 0, 'physicalLocation', 'artifactLocation', 'uri')
  t.equal(decodeURIComponent(new URL(String(place)).pathname), join(folder, ODD))

  const none = await lint('-o', 'sarif', 'good.json')
  t.equal(none.code, 0)
  t.ok(isValidSarif(t, JSON.parse(none.stdout)))
  t.strictSame(field(JSON.parse(none.stdout), 'runs', 0, 'results'), [])
  t.notOk(isValidSarif(t, { ...Object(report), version: '2.2' }), 'the schema rejects')
})

function unescapeData(text: string): string {
  return text.replaceAll(/%(?:0A|0D|2C|3A|25)/g, (code) => decodeURIComponent(code))
}

/** Reads a workflow command as the runner of GitHub does. */
function readCommand(line: string): unknown {
  const [, name, written = '', data = ''] = /^::(\w+) ([^:]*)::(.*)$/.exec(line) ?? []
  const properties = written.split(',').map((pair) => {
    const [key = '', ...value] = pair.split('=')
    return [key, unescapeData(value.join('='))]
  })
  return { name, ...Object.fromEntries(properties), message: unescapeData(data) }
}

t.test('annotations for GitHub have each finding with its place', async (t) => {
  const { lint } = folderWith(t, { [ODD]: MANIFEST, 'a::b.yaml': 'x' })
  const { code, stdout } = await lint('-o', 'github', ODD)
  t.equal(code, 1)
  const lines = stdout.trimEnd().split('\n')
  t.equal(lines.pop(), '1 file checked: 1 error, 1 warning')
  const json: unknown = JSON.parse((await lint('-o', 'json', ODD)).stdout)
  t.strictSame(
    lines.map(readCommand),
    [property(json, 'findings')].flat().map((finding) => ({
      name: textAt(finding, 'severity'),
      file: ODD,
      line: String(property(finding, 'line')),
      col: String(property(finding, 'column')),
      message: `${textAt(finding, 'path') ?? ''}: ${textAt(finding, 'message') ?? ''}`,
    })),
  )
  t.match((await lint('-o', 'github', 'a::b.yaml')).stdout, /^::error file=a%3A%3Ab\.yaml,line=1,col=1::is nothing/)
})

t.test('text of a file can neither start a command nor control the terminal', async (t) => {
  const arn = String.raw`x\n::add-mask::y\r\e]0;owned\a\u202e`
  const { lint } = folderWith(t, {
    'bad.yaml': MANIFEST.replace('50%, x: y', arn),
    'line\n::error ::x.yaml': 'x',
  })
  for (const output of ['github', 'sarif']) {
    const { code, stdout } = await lint('-o', output, 'bad.yaml', 'line\n::error ::x.yaml')
    t.equal(code, 1)
    t.notMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
    t.notMatch(stdout, /^::add-mask|^::error ::/m)
  }
})
