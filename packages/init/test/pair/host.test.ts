import { test } from 'tap'
import { type Host, HostError, parseHost } from '../../src/pair/host.ts'

const accepted: [string, Host][] = [
  ['localhost', { type: 'dns', value: 'localhost' }],
  ['Ip-10-0-0-1.EC2.internal', { type: 'dns', value: 'ip-10-0-0-1.ec2.internal' }],
  ['api_1.example.com', { type: 'dns', value: 'api_1.example.com' }],
  ['127.0.0.1', { type: 'ipv4', value: '127.0.0.1' }],
  ['::1', { type: 'ipv6', value: '::1' }],
  ['0:0:0:0:0:0:0:0', { type: 'ipv6', value: '::' }],
  ['2001:DB8:0::1', { type: 'ipv6', value: '2001:db8::1' }],
  ['::ffff:192.0.2.1', { type: 'ipv6', value: '::ffff:c000:201' }],
]

const refused = [
  '',
  ' localhost',
  'localhost\n',
  'localhost:21362',
  'localhost/authenticate',
  'https://localhost',
  'user@localhost',
  'localhost#x',
  '*.example.com',
  'example.com.',
  'a..b',
  'exämple.com',
  `${'a'.repeat(64)}.com`,
  '[::1]',
  'fe80::1%eth0',
  '127.0.0.01',
  '127.1',
  '2130706433',
  '127.0.0.1/8',
]

void test('IP addresses and DNS names are parsed into one spelling', async (t) => {
  for (const [text, host] of accepted) t.same(parseHost(text), host, text)
})

void test('anything else is rejected', async (t) => {
  for (const text of refused) {
    t.throws(() => parseHost(text), { constructor: HostError, code: 'host_invalid' }, JSON.stringify(text))
  }
})
