import { CLOSED_GATES } from '@aws-iam-authenticator/core/configuration/feature-gates'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '@aws-iam-authenticator/core/mapping/aws-auth'
import { parseConfiguration } from '@aws-iam-authenticator/core/configuration/parse-configuration'
import type { MappingEntry } from '@aws-iam-authenticator/core/mapping/entry'
import * as fc from 'fast-check'
import { test } from 'tap'
import { holds } from './holds.ts'

const runs = { seed: 20_260_302, numRuns: 2000 }
const options = { sso: true }

/** Unusual parts of YAML. */
const ODD = [
  '&a ',
  '*a',
  '*nope',
  '<<: ',
  '<<: *a',
  '<<: [*a]',
  '? ',
  '%YAML 1.1\n---\n',
  '---\n',
  '...\n',
  '|\n',
  '>-\n',
]
const TAGS = ['!!merge x', '!!set {a}', '!!omap [a: 1]', '!!binary /', '!!null x', '!!timestamp 1', '!!int 0x', '!x y']
const SIGNS = [
  ': ',
  '- ',
  '\n',
  '\n  ',
  '\t',
  '{',
  '}',
  '[',
  ']',
  ',',
  '"',
  "'",
  '#',
  '\0',
  '\ufeff',
  '\u2028',
  '\ud800',
  '~',
  '.nan',
]
const KEYS = [
  'mapRoles: ',
  'mapUsers:\n',
  'mapAccounts: ',
  'server: ',
  'clusterID: ',
  'rolearn: ',
  'roleARN: ',
  'username: ',
]
const MORE_KEYS = ['groups: ', 'sso: ', 'accountID: ', 'permissionSetName: ', 'reservedPrefixConfig: ', '__proto__: ']
const VALUES = ['0123', 'null', '{{SessionName}}', 'arn:aws:iam::123456789012:role/A', 'MountedFile']

const piece = fc.oneof(
  fc.constantFrom(...ODD, ...TAGS, ...SIGNS),
  fc.constantFrom(...KEYS, ...MORE_KEYS, ...VALUES),
  fc.string({ unit: 'binary', maxLength: 5 }),
)

const yaml = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''))

/** Bad entries of mapRoles, each in its own way. */
const BAD_ENTRIES = [
  '- {}',
  '- null',
  '-',
  '- []',
  '- 1',
  '- text',
  '- {rolearn: ""}',
  '- {rolearn: alice}',
  '- {rolearn: 1}',
  '- {rolearn: [a]}',
  '- {userarn: x}',
  '- {[a]: b}',
  '- {{x}}',
  '- .inf',
  '- {sso: {}}',
  '- {sso: {accountID: 1}}',
  '- {rolearn: a, roleARN: b}',
  '- {rolearn: a, rolearn: b}',
  '- {rolearn: "arn:evil:iam::1:role/x"}',
  '- {rolearn: "arn:aws:iam::123456789012:role/x", username: {{SessionName}}}',
  '- {rolearn: "arn:aws:iam::123456789012:role/x", groups: [1]}',
  '- {rolearn: "arn:aws:iam::123456789012:role/x", roleARN: "arn:aws:iam::123456789012:role/y"}',
]

/** A valid entry of mapRoles, as one line of flow style. */
const goodEntry = (name: string): string =>
  `- {rolearn: "arn:aws:iam::123456789012:role/${name}", username: ${name}, groups: [g]}`

const roleNames = (entries: readonly MappingEntry[]): string[] => entries.map(({ username }) => username)

void test('parseConfiguration accepts any text without an exception, and every problem has a place', async (t) => {
  holds(
    t,
    fc.property(fc.oneof(yaml, fc.string({ unit: 'binary' })), (text) => {
      const { problems } = parseConfiguration(text, 'config.yaml', {
        serverKeys: ['port'],
        gatesOf: () => ({ ...CLOSED_GATES, SSORoleMatch: true }),
      })
      return problems.every(({ location: { line, column } }) => line >= 1 && column >= 1)
    }),
    runs,
  )
})

void test('parseAwsAuth accepts any data without an exception', async (t) => {
  const value = fc.oneof(yaml, fc.string({ unit: 'binary' }), fc.jsonValue())
  const key = fc.oneof(fc.constantFrom('mapRoles', 'mapUsers', 'mapAccounts', 'maproles', '__proto__'), fc.string())
  holds(
    t,
    fc.property(fc.dictionary(key, value), (data) => {
      parseAwsAuth(data, EMPTY_AWS_AUTH, options)
    }),
    runs,
  )
})

void test('data that is not a list keeps the previous mappings', async (t) => {
  const before = parseAwsAuth({ mapRoles: goodEntry('kept') }, EMPTY_AWS_AUTH, options)
  holds(
    t,
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), yaml), (text) => {
      const { roles, problems } = parseAwsAuth({ mapRoles: text }, before, options)
      const errors = problems.filter(({ severity, path }) => severity === 'error' && !path.startsWith('mapRoles['))
      return errors.length === 0 || roles === before.roles
    }),
    runs,
  )
})

void test('a bad entry never rejects a good neighbour', async (t) => {
  const badEntry = fc.oneof(
    fc.constantFrom(...BAD_ENTRIES),
    fc.jsonValue().map((value) => `- ${JSON.stringify(value)}`),
  )
  const line = fc.oneof(
    badEntry.map((text) => ({ text, name: '' })),
    fc.integer({ min: 0, max: 999 }).map((number) => ({ text: goodEntry(`r${number}`), name: `r${number}` })),
  )
  holds(
    t,
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
      const text = lines.map((each) => each.text).join('\n')
      const { roles } = parseAwsAuth({ mapRoles: text }, EMPTY_AWS_AUTH, options)
      const wanted = lines.map(({ name }) => name).filter((name) => name !== '')
      return wanted.join() === roleNames(roles).join()
    }),
    runs,
  )
})
