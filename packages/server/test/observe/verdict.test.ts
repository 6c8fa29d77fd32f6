import { test } from 'tap'
import type { BackendReport } from '../../src/observe/backend-activity.ts'
import { verdictOf } from '../../src/observe/verdict.ts'

type Facts = Parameters<typeof verdictOf>[0]

const now = new Date('2026-03-04T12:00:00Z')

function before(minutes: number): string {
  return new Date(now.getTime() - minutes * 60_000).toISOString()
}

const NO_LOGINS: Facts['decisions'] = {
  granted: 0,
  refused: 0,
  lastGrantedAt: null,
  lastRefusedAt: null,
  last5Minutes: { granted: 0, refused: 0 },
  refusedSinceLastGrant: [],
}

const BACKEND: BackendReport = {
  mode: 'EKSConfigMap',
  isLoaded: true,
  roles: 1,
  users: 0,
  patterns: 0,
  accounts: 0,
  errors: 0,
  firstErrors: [],
  changedAt: before(5),
  fault: null,
}

const HEALTHY: Facts = {
  startedAt: before(12),
  certificate: { notAfter: '2126-01-01T00:00:00.000Z', fault: null },
  checks: [
    { name: 'ping', fault: null },
    { name: 'sts', fault: null },
  ],
  backends: [BACKEND],
  decisions: NO_LOGINS,
  signingKeys: [],
  handshakes: { failed: 0, last5Minutes: { failed: 0 }, lastFailure: null },
  auditLog: { path: '/var/log/audit.jsonl', fault: null },
  backendModeFile: null,
  lastStsFailure: null,
  lastEc2Error: null,
  distrust: null,
  now,
}

const TWELVE_REFUSED: Facts['decisions'] = {
  ...NO_LOGINS,
  refused: 12,
  lastRefusedAt: before(1),
  last5Minutes: { granted: 0, refused: 5 },
  refusedSinceLastGrant: [{ reason: 'bad_signature', count: 12 }],
}

const EXPIRING = { notAfter: '2026-03-14T00:00:00.000Z', fault: null }

/** Each fault alone, worst first. */
const FAULTS: readonly (readonly [changed: Partial<Facts>, kind: string, verdict: RegExp | string])[] = [
  [
    { checks: [{ name: 'certificate', fault: 'the certificate expired on 2026-03-01: renew' }] },
    'not_ready',
    'the certificate expired on 2026-03-01: renew',
  ],
  [{ distrust: 'kube-apiserver refuses it' }, 'certificate', 'kube-apiserver refuses it'],
  [{ certificate: EXPIRING }, 'certificate', /^the certificate expires in 9 d, on 2026-03-14: run init --force/],
  [
    { certificate: { ...HEALTHY.certificate, fault: 'no key' } },
    'certificate',
    'the TLS pair in the state folder is not loaded: no key',
  ],
  [
    { backends: [{ ...BACKEND, fault: 'status 403' }] },
    'backend',
    'backend EKSConfigMap has not loaded the latest mappings: status 403',
  ],
  [{ backends: [{ ...BACKEND, errors: 2 }] }, 'backend', /^backend EKSConfigMap has 2 errors in its mappings/],
  [
    { backendModeFile: { path: '/mode.json', errors: 1, firstErrors: [], fault: 'it has errors' } },
    'backend',
    /^the backend mode file \/mode\.json is not active, .*: it has 1 error: fix the places below$/,
  ],
  [
    { backends: [{ ...BACKEND, roles: 0 }] },
    'backend',
    /^no backend has a mapping, so that nobody can log in: add one/,
  ],
  [{ lastEc2Error: 'status 403' }, 'ec2', "nodes can't log in, because the last call to EC2 failed: status 403"],
  [
    { decisions: TWELVE_REFUSED },
    'logins',
    /^nobody has logged in for 12 min: 12 of 12 refused, bad_signature: compare clusterID/,
  ],
  [
    {
      handshakes: {
        failed: 9,
        last5Minutes: { failed: 5 },
        lastFailure: { time: before(1), cause: 'certificate_refused', error: 'ERR_SSL_X' },
      },
    },
    'handshakes',
    /^5 TLS handshakes failed in the last 5 min, the last with ERR_SSL_X: .*restart kube-apiserver$/,
  ],
  [
    { auditLog: { path: '/audit', fault: 'ENOSPC' } },
    'audit_log',
    /^the audit log \/audit can't be written: ENOSPC; make room/,
  ],
  [
    { lastStsFailure: { reason: 'sts_unreachable', error: 'ECONNREFUSED' } },
    'sts',
    /^the last call to STS failed: ECONNREFUSED: check the way from this node to STS/,
  ],
]

void test('each fault is the verdict, and the worst one comes first', (t) => {
  for (const [changed, kind, verdict] of FAULTS) {
    const found = verdictOf({ ...HEALTHY, ...changed })
    t.match(found, { verdict, isHealthy: false, problems: [{ kind, message: verdict }] })
    t.equal(found.problems.length, 1)
  }
  for (let first = 0; first < FAULTS.length; first += 1) {
    const changes = FAULTS.slice(first).map(([changed]) => changed)
    // Of two faults of one part, the worse one is active.
    const all = { ...HEALTHY }
    for (const changed of changes.reverse()) Object.assign(all, changed)
    t.match(verdictOf(all).verdict, FAULTS[first]?.[2], `${first}`)
  }
  t.end()
})

void test('a healthy server reports its logins', (t) => {
  const count = (granted: number, refused: number): string =>
    verdictOf({ ...HEALTHY, decisions: { ...NO_LOGINS, last5Minutes: { granted, refused } } }).verdict
  t.equal(count(0, 0), 'healthy: 0 logins in the last 5 min, 0 refused')
  t.equal(count(1, 2), 'healthy: 1 login in the last 5 min, 2 refused')
  t.strictSame(verdictOf(HEALTHY).problems, [])
  t.end()
})

void test('refused logins are no problem if others log in, if they are few, or an hour after the last', (t) => {
  const rows: readonly (readonly [Partial<Facts['decisions']>, boolean])[] = [
    [{}, false],
    [{ last5Minutes: { granted: 1, refused: 5 } }, true],
    [{ refusedSinceLastGrant: [{ reason: 'bad_signature', count: 2 }] }, true],
    [{ lastRefusedAt: before(59) }, false],
    [{ lastRefusedAt: before(61) }, true],
  ]
  for (const [changed, isHealthy] of rows) {
    t.equal(verdictOf({ ...HEALTHY, decisions: { ...TWELVE_REFUSED, ...changed } }).isHealthy, isHealthy)
  }
  const mixed: Facts['decisions'] = {
    ...TWELVE_REFUSED,
    lastGrantedAt: before(200),
    refusedSinceLastGrant: [
      { reason: 'not_mapped', count: 3 },
      { reason: 'expired', count: 1 },
    ],
  }
  t.match(
    verdictOf({ ...HEALTHY, decisions: mixed }).verdict,
    /^nobody has logged in for 3 h: 4 of 4 refused, mostly not_mapped: add a mapping/,
  )
  const unloaded = { ...TWELVE_REFUSED, refusedSinceLastGrant: [{ reason: 'backend_unavailable', count: 4 }] } as const
  t.ok(verdictOf({ ...HEALTHY, decisions: unloaded }).isHealthy, 'the backend is loaded now')
  t.end()
})

void test('an expiring certificate is a problem 14 days before its end', (t) => {
  for (const [end, isHealthy] of [
    ['2026-03-18T12:00:00.000Z', true],
    ['2026-03-18T11:59:59.000Z', false],
    // A failing check reports this one.
    ['2026-03-04T11:59:59.000Z', true],
  ] as const) {
    t.equal(verdictOf({ ...HEALTHY, certificate: { notAfter: end, fault: null } }).isHealthy, isHealthy, end)
  }
  t.end()
})

void test('a failing check of STS is reported once', (t) => {
  const checks = [{ name: 'sts', fault: 'STS does not answer' }]
  const lastStsFailure = { reason: 'sts_unreachable', error: 'ECONNREFUSED' } as const
  t.strictSame(verdictOf({ ...HEALTHY, checks, lastStsFailure }).problems, [
    { kind: 'not_ready', message: 'STS does not answer' },
  ])
  t.end()
})
