import { test } from 'tap'
import { parseErrorCode, parseInstances } from '../../src/ec2/instances.ts'

function answer(reservations: string, more = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>1</requestId>
    ${reservations}
    ${more}
</DescribeInstancesResponse>`
}

function instance(id: string, name: string, state = 'running', more = ''): string {
  return `<item><instanceId>${id}</instanceId><instanceState><code>16</code><name>${state}</name></instanceState>
    ${more}<privateDnsName>${name}</privateDnsName></item>`
}

function error(code: string): string {
  return `<Response><Errors><Error><Code>${code}</Code><Message>m</Message></Error></Errors><RequestID>1</RequestID></Response>`
}

void test('single and multiple instances and reservations', async (t) => {
  const one = answer(
    `<reservationSet><item><instancesSet>${instance('i-1', 'a.internal')}</instancesSet></item></reservationSet>`,
  )
  t.same(parseInstances(one), {
    instances: [{ id: 'i-1', privateDnsName: 'a.internal', state: 'running' }],
    nextToken: null,
  })
  const interfaces =
    '<networkInterfaceSet><item><privateDnsName>wrong.internal</privateDnsName></item></networkInterfaceSet>'
  const many = answer(
    `<reservationSet>
      <item><instancesSet>${instance('i-1', 'a.internal')}${instance('i-2', '', 'terminated')}</instancesSet></item>
      <item><instancesSet>${instance('i-3', 'c.internal', 'running', interfaces)}</instancesSet></item>
      <item><instancesSet/></item>
    </reservationSet>`,
    '<nextToken>a&amp;b==</nextToken>',
  )
  t.same(parseInstances(many), {
    instances: [
      { id: 'i-1', privateDnsName: 'a.internal', state: 'running' },
      { id: 'i-2', privateDnsName: '', state: 'terminated' },
      { id: 'i-3', privateDnsName: 'c.internal', state: 'running' },
    ],
    nextToken: 'a&b==',
  })
  for (const none of [
    '<reservationSet/>',
    '<reservationSet></reservationSet>',
    '<reservationSet>\n</reservationSet>',
  ]) {
    t.same(parseInstances(answer(none)), { instances: [], nextToken: null })
  }
})

void test('text that looks like an element is text', async (t) => {
  const tags =
    '<tagSet><item><key>k</key><value>&lt;/value&gt;&lt;privateDnsName&gt;evil&lt;/privateDnsName&gt;</value></item></tagSet>'
  const comment =
    '<!-- <privateDnsName>evil</privateDnsName> --><reason><![CDATA[<privateDnsName>evil</privateDnsName>]]></reason>'
  const body = answer(
    `<reservationSet><item><instancesSet>${instance('i-1', 'a.internal', 'running', tags + comment)}</instancesSet></item></reservationSet>`,
  )
  t.match(parseInstances(body), { instances: [{ id: 'i-1', privateDnsName: 'a.internal' }] })
})

void test('anything else is not an answer', async (t) => {
  const deep = 200_000
  const rubbish = [
    '',
    'Service Unavailable',
    '<html><body>Sign in</body></html>',
    '{"reservationSet":[]}',
    answer(''),
    answer('<reservationSet>'),
    '<DescribeInstancesResponse/>',
    '<DescribeInstancesResponse>text</DescribeInstancesResponse>',
    `${'<a>'.repeat(deep)}${'</a>'.repeat(deep)}`,
    '<__proto__><reservationSet/></__proto__>',
  ]
  for (const body of rubbish) t.equal(parseInstances(body), null, body.slice(0, 60))
})

void test('entities of a document type are not expanded', async (t) => {
  const bomb = '<!DOCTYPE r [<!ENTITY a "evil"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
  const set = `<reservationSet><item><instancesSet>${instance('i-1', '&a;&b;')}</instancesSet></item></reservationSet>`
  const body = bomb + answer(set).replace(/^<\?xml.*\?>\n/, '')
  t.match(parseInstances(body), { instances: [{ id: 'i-1', privateDnsName: '' }] })
})

void test('the code of an error, if there is one', async (t) => {
  t.equal(parseErrorCode(error('RequestLimitExceeded')), 'RequestLimitExceeded')
  t.equal(parseErrorCode(error('InvalidInstanceID.NotFound')), 'InvalidInstanceID.NotFound')
  for (const body of ['', 'Bad Gateway', error(''), error('a\nb'), error('x'.repeat(65)), '<Response/>']) {
    t.equal(parseErrorCode(body), null, body)
  }
})
