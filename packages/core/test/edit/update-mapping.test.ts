import t from 'tap'
import type { NewMapping } from '../../src/edit/add-mapping.ts'
import { updateMapping } from '../../src/edit/update-mapping.ts'

const A = 'arn:aws:iam::123456789012:role/A'
const B = 'arn:aws:iam::123456789012:role/B'

function to(username: string, ...groups: string[]): NewMapping {
  return { kind: 'role', fields: { rolearn: A, username, groups } }
}

const OTHER = `# b\n- rolearn: ${B}\n  username: b\n`

t.test('only the username and the groups of the entry change', (t) => {
  const rows: readonly (readonly [name: string, before: string, mapping: NewMapping, after: string])[] = [
    [
      'a username',
      `- roleARN: ${A} # a\n  userName: old # why\n  groups: # who\n  - g\n${OTHER}`,
      to('new', 'g'),
      `- roleARN: ${A} # a\n  userName: new # why\n  groups: # who\n  - g\n${OTHER}`,
    ],
    [
      'groups',
      `- rolearn: ${A}\n  username: u\n  groups:\n  - g # c\n  - h # d\n${OTHER}`,
      to('u', 'x', 'yes', 'z'),
      `- rolearn: ${A}\n  username: u\n  groups:\n  - x\n  - "yes"\n  - z # d\n${OTHER}`,
    ],
    [
      'groups on one line',
      `- rolearn: ${A}\n  groups: [g] # c\n  username: "u"\n`,
      to('v', 'a', 'b'),
      `- rolearn: ${A}\n  groups: ["a", "b"] # c\n  username: v\n`,
    ],
    [
      'fields that are not there',
      `- rolearn: ${A}\n${OTHER}`,
      to('u', 'g'),
      `- rolearn: ${A}\n  username: u\n  groups:\n    - g\n${OTHER}`,
    ],
    [
      'groups without a value',
      `- rolearn: ${A}\n  groups:\n  username: u\n`,
      to('u', 'g'),
      `- rolearn: ${A}\n  groups: ["g"]\n  username: u\n`,
    ],
    [
      'a list on one line',
      `[{rolearn: "${A}", username: u}, {rolearn: "${B}"}]`,
      to('v', 'g'),
      `[{rolearn: "${A}", username: "v", groups: ["g"]}, {rolearn: "${B}"}]`,
    ],
    [
      'a block scalar, and conditions',
      `- rolearn: ${A}\n  username: |\n    u\n  sessionnames: [x]\n${OTHER}`,
      to('v', 'g'),
      `- rolearn: ${A}\n  username: v\n  sessionnames: [x]\n  groups:\n    - g\n${OTHER}`,
    ],
    ['no entry', OTHER, to('u', 'g'), `${OTHER}- rolearn: ${A}\n  username: u\n  groups:\n    - g\n`],
  ]
  for (const [name, mapRoles, mapping, after] of rows) {
    const data = { mapRoles, mapUsers: '[]', other: 'x' }
    t.strictSame(updateMapping(data, mapping).data, { ...data, mapRoles: after }, name)
  }
  t.end()
})

t.test('nothing is changed', (t) => {
  const one = `- rolearn: ${A}\n  username: u\n  groups: [g]\n`
  t.equal(updateMapping({ mapRoles: one }, to('u', 'g')).data['mapRoles'], one, 'it is so already')
  t.throws(() => updateMapping({ mapRoles: one + one }, to('v', 'g')), {
    code: 'duplicate_mapping',
    message: /mapRoles\[0\], line 1; mapRoles\[1\], line 4/,
  })
  t.throws(() => updateMapping({ mapRoles: one }, to('{{SesionName}}', 'g')), { code: 'invalid_configuration' })
  const anchored = `- rolearn: ${A}\n  username: &u old\n  groups: [g]\n- rolearn: ${B}\n  username: *u\n`
  t.throws(() => updateMapping({ mapRoles: anchored }, to('new', 'g')), { message: /kubectl edit/ })
  t.end()
})
