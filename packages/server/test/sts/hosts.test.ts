import { publishedRegions } from '@aws-iam-authenticator/core/aws/published-regions'
import { test } from 'tap'
import { createStsHosts, MAX_HOSTS, type StsHosts } from '../../src/sts/hosts.ts'
import { virtualTiming } from '../virtual-timing.ts'

const OWN = 'sts.us-new-1.amazonaws.com'

function hostsOf(isTrusted = (name: string): boolean => name === OWN): StsHosts {
  return createStsHosts(isTrusted, virtualTiming())
}

const unknown = (number: number): string => `sts.xx-nowhere-${number}.amazonaws.com`

void test('a host is proven by a grant or the configuration, published by AWS, or unknown', (t) => {
  let own: string | null = null
  const hosts = hostsOf((name) => name === own)
  const names = [OWN, 'sts.eu-west-1.amazonaws.com', 'sts.amazonaws.com', unknown(1)]
  t.same(names.map(hosts.standingOf), ['unknown', 'published', 'published', 'unknown'])
  const added = names.map((name) => hosts.add(name))
  const standings = (): unknown[] => added.map((host) => host?.standing)
  own = OWN
  t.same(standings(), ['proven', 'published', 'published', 'unknown'], 'the own region can become known later')
  for (const name of names) hosts.prove(name)
  t.same(standings(), ['proven', 'proven', 'proven', 'proven'])
  hosts.prove(unknown(2))
  t.equal(hosts.standingOf(unknown(2)), 'unknown', 'no host is proven before it was asked')
  t.end()
})

void test('the table has room for every published host of a partition', (t) => {
  t.ok(publishedRegions.size * 4 < MAX_HOSTS, `${publishedRegions.size} regions`)
  t.end()
})

void test('a full table drops unknown hosts first, then published ones, then proven ones', (t) => {
  const hosts = hostsOf()
  const published = [...publishedRegions].slice(0, 2).map((region) => `sts.${region}.amazonaws.com`)
  hosts.add('sts.eu-west-1.amazonaws.com')
  hosts.prove('sts.eu-west-1.amazonaws.com')
  for (const name of published) hosts.add(name)
  for (let number = 0; number < MAX_HOSTS * 4; number += 1) t.ok(hosts.add(unknown(number)))
  const isKnown = (name: string): boolean => hosts.find(name) !== undefined
  const kept = Array.from({ length: MAX_HOSTS * 4 }, (_, number) => unknown(number)).filter(isKnown)
  t.equal(kept.length + 3, MAX_HOSTS, 'never more than the table holds')
  t.ok(['sts.eu-west-1.amazonaws.com', ...published].every(isKnown))
  for (const name of kept) hosts.prove(name)
  hosts.add(unknown(-1))
  hosts.prove(unknown(-1))
  hosts.add(unknown(-2))
  hosts.prove(unknown(-2))
  t.same(published.map(isKnown), [false, false])
  hosts.add(unknown(-3))
  t.notOk(isKnown('sts.eu-west-1.amazonaws.com'))
  t.end()
})

void test('a host in use is not dropped: a table full of them accepts no more', (t) => {
  const hosts = hostsOf()
  for (let number = 0; number < MAX_HOSTS; number += 1) t.equal(hosts.add(unknown(number))?.queue.enter(), true)
  t.equal(hosts.add(unknown(-1)), null)
  hosts.find(unknown(7))?.queue.leave(1)
  t.ok(hosts.add(unknown(-1)))
  t.equal(hosts.find(unknown(7)), undefined)
  t.end()
})
