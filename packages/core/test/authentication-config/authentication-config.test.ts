import t from 'tap'
import {
  generateAuthenticationConfig,
  type AuthenticationConfigOptions,
} from '../../src/authentication-config/authentication-config.ts'
import { JWT_EXTRA, userInfo } from '../../src/mapping/user-info.ts'
import { EMPTY_AWS_AUTH, parseAwsAuth } from '../../src/mapping/aws-auth.ts'
import { indexMappings } from '../../src/mapping/index-mappings.ts'
import { property, textAt } from '../../src/untrusted.ts'

const ARN = 'arn:aws:iam::111122223333'

interface Mappings {
  readonly roles?: readonly object[]
  readonly users?: readonly object[]
  readonly accounts?: readonly string[]
}

function generate(
  { roles = [], users = [], accounts = [] }: Mappings,
  more: Partial<AuthenticationConfigOptions> = {},
): ReturnType<typeof generateAuthenticationConfig> {
  const data = {
    mapRoles: JSON.stringify(roles),
    mapUsers: JSON.stringify(users),
    mapAccounts: JSON.stringify(accounts),
  }
  const { index } = indexMappings(parseAwsAuth(data, EMPTY_AWS_AUTH, { sso: true }))
  return generateAuthenticationConfig({
    backends: [{ mode: 'EKSConfigMap', index }],
    reserved: new Map(),
    scrubbedAccounts: new Set(),
    issuers: [
      { url: 'https://issuer.example', accounts: ['111122223333'], discoveryUrl: null, certificateAuthority: null },
    ],
    audiences: ['cluster'],
    partition: 'aws',
    version: 'v1',
    ...more,
  })
}

function authenticator({ configuration }: ReturnType<typeof generate>, number = 0): unknown {
  return property(property(configuration, 'jwt'), String(number))
}

function mapping(generated: ReturnType<typeof generate>, name: 'username' | 'groups' | 'uid'): string {
  return textAt(authenticator(generated), 'claimMappings', name, 'expression') ?? ''
}

t.test('the document', async (t) => {
  const issuers = ['https://a.example', 'https://b.example'].map((url, number) => ({
    url,
    accounts: [number === 0 ? '111122223333' : '222233334444'],
    discoveryUrl: number === 0 ? 'https://127.0.0.1/d' : null,
    certificateAuthority: number === 0 ? 'PEM' : null,
  }))
  const admin = { rolearn: `${ARN}:role/Admin`, username: 'admin' }
  const other = { rolearn: 'arn:aws:iam::222233334444:role/Other', username: 'other' }
  const roles = [admin, other]
  const generated = generate({ roles }, { issuers, version: 'v1beta1' })
  t.match(generated.configuration, {
    apiVersion: 'apiserver.config.k8s.io/v1beta1',
    kind: 'AuthenticationConfiguration',
  })
  t.same(property(authenticator(generated), 'issuer'), {
    url: 'https://a.example',
    discoveryURL: 'https://127.0.0.1/d',
    certificateAuthority: 'PEM',
    audiences: ['cluster'],
    audienceMatchPolicy: 'MatchAny',
  })
  t.same(property(authenticator(generated, 1), 'issuer'), {
    url: 'https://b.example',
    audiences: ['cluster'],
    audienceMatchPolicy: 'MatchAny',
  })
  t.notMatch(JSON.stringify(authenticator(generated)), '222233334444', 'an issuer has the entries of its accounts only')
  t.notMatch(JSON.stringify(authenticator(generated, 1)), '111122223333')
  t.same(generate({ roles: [other, admin] }, { issuers, version: 'v1beta1' }).configuration, generated.configuration)
})

t.test('the extra keys are those of the webhook', async (t) => {
  const web = {
    sourceIdentity: 'bob',
    identityStoreUserId: '1',
    orgId: undefined,
    ouPaths: [],
    principalTags: new Map<string, string>(),
  }
  const identity = {
    arn: '',
    canonicalArn: '',
    kind: 'role',
    accountId: '',
    userId: '',
    sessionName: '',
    accessKeyId: '',
    web,
  } as const
  const { extra } = userInfo(identity, { username: 'u', groups: [], backend: 'CRD', entry: null }, false)
  const listed = property(property(authenticator(generate({})), 'claimMappings'), 'extra')
  const keys = Array.isArray(listed) ? listed.map((item) => textAt(item, 'key')) : []
  t.same(new Set(keys), new Set(Object.keys(extra ?? {})))
  t.ok(keys.every((key) => key?.startsWith(JWT_EXTRA) === true))
})

const unsupported: readonly (readonly [string, Mappings, string, RegExp])[] = [
  [
    'a session name',
    { roles: [{ rolearn: `${ARN}:role/X`, username: 'x:{{SessionName}}' }] },
    'mapRoles[0].username',
    /^\{\{SessionName\}\} .*\{\{SourceIdentity\}\}/,
  ],
  [
    'a raw session name',
    { roles: [{ rolearn: `${ARN}:role/X`, username: '{{SessionNameRaw}}' }] },
    'mapRoles[0].username',
    /SessionNameRaw/,
  ],
  [
    'an access key id in a group',
    { roles: [{ rolearn: `${ARN}:role/X`, username: 'x', groups: ['{{AccessKeyID}}'] }] },
    'mapRoles[0].groups',
    /AccessKeyID/,
  ],
  [
    'the name of an EC2 instance',
    { roles: [{ rolearn: `${ARN}:role/X`, username: '{{EC2PrivateDNSName}}' }] },
    'mapRoles[0].username',
    /EC2PrivateDNSName/,
  ],
  [
    'a unique id',
    { roles: [{ rolearn: `${ARN}:role/X`, username: 'x', principalid: 'AROAX' }] },
    'mapRoles[0].principalid',
    /sourceIdentity/,
  ],
  [
    'session names',
    { roles: [{ rolearn: `${ARN}:role/X`, username: 'x', sessionnames: ['a*'] }] },
    'mapRoles[0].sessionnames',
    /sourceIdentity/,
  ],
  ['no username', { roles: [{ rolearn: `${ARN}:role/X` }] }, 'mapRoles[0].username', /write a username/],
  [
    'an empty group',
    { roles: [{ rolearn: `${ARN}:role/X`, username: 'x', groups: [''] }] },
    'mapRoles[0].groups',
    /remove it/,
  ],
  ['root', { users: [{ userarn: `${ARN}:root`, username: 'root' }] }, 'mapUsers[0]', /only roles and users/],
  [
    'braces beside a template',
    { roles: [{ rolearn: `${ARN}:role/X`, username: '{{Foo}}{{SourceIdentity}}' }] },
    'mapRoles[0].username',
    /braces/,
  ],
  [
    'a tag that the API server reads under another name',
    { roles: [{ rolearn: `${ARN}:role/X`, username: 'x{{PrincipalTag "a__dot__b"}}' }] },
    'mapRoles[0].username',
    /rename it/,
  ],
]

for (const [name, mappings, path, message] of unsupported) {
  t.test(`not for JWTs: ${name}`, async (t) => {
    const { problems, ...generated } = generate(mappings)
    t.match(problems, [{ severity: 'error', path, message, location: { line: 1 } }])
    t.equal(problems.length, 1)
    t.match(mapping({ problems, ...generated }, 'username'), /\[''\]/)
  })
}

t.test('an entry that can not be filled refuses, and does not yield to a later one', async (t) => {
  const roles = [
    { rolearn: `${ARN}:role/X`, username: '{{SessionName}}', groups: ['g'] },
    { rolelike: `${ARN}:role/*`, username: 'anyone' },
  ]
  t.match(mapping(generate({ roles }), 'username'), `'${ARN}:role/x': '',`)
  const [first, second] = roles
  const unmatched = [{ ...first, username: 'x', principalid: 'AROAX' }, { ...second }]
  const made = mapping(generate({ roles: unmatched }), 'username')
  t.match(made, 'anyone')
  t.match(made, `'${ARN}:role/x': ''`, 'one that may be for the JWT does not yield either')
})

t.test('a username of a reserved prefix is refused: at once, or by the value of its template', async (t) => {
  const reserved = new Map([['EKSConfigMap', ['system:', 'ops-']]] as const)
  const certain = generate({ roles: [{ rolearn: `${ARN}:role/X`, username: 'system:x' }] }, { reserved })
  t.match(certain.problems, [{ severity: 'warning', message: /"system:"/ }])
  t.match(mapping(certain, 'username'), `'${ARN}:role/x': '',`)
  const possible = mapping(
    generate({ roles: [{ rolearn: `${ARN}:role/X`, username: 'ops{{SourceIdentity}}' }] }, { reserved }),
    'username',
  )
  t.match(possible, "u.startsWith('ops-') ? '' : u")
  t.notMatch(possible, "startsWith('system:')")
})

t.test('an account that no issuer has', async (t) => {
  const { problems } = generate({ roles: [{ rolearn: 'arn:aws:iam::999900001111:role/X', username: 'x' }] })
  t.match(problems, [{ severity: 'warning', path: 'mapRoles[0]', message: /999900001111/ }])
})

function many(count: number): readonly object[] {
  return Array.from({ length: count }, (_, number) => ({
    rolearn: `${ARN}:role/team-${number}`,
    username: `team-${number}`,
  }))
}

t.test('1,000 roles fit, and an expression that is too long is named', async (t) => {
  t.same(generate({ roles: many(1000) }).tooLong, [])
  const { tooLong } = generate({ roles: many(2000) })
  t.match(tooLong, [{ name: 'jwt[0].claimMappings.username.expression' }])
  t.ok((tooLong[0]?.length ?? 0) > 100_000)
})

t.test('a scrubbed account has its username in the uid, and no extra', async (t) => {
  const roles = [{ rolearn: `${ARN}:role/X`, username: 'x' }]
  const scrubbed = generate({ roles }, { scrubbedAccounts: new Set(['111122223333', '999900001111']) })
  t.match(mapping(scrubbed, 'uid'), /in \['111122223333'\] \? 'aws-iam-authenticator:administrative:' \+ \[/)
  t.notMatch(mapping(generate({ roles }), 'uid'), 'administrative')
})
