import type { Fault } from '@aws-iam-authenticator/sandbox/aws/faults'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { FakeKubernetes } from '@aws-iam-authenticator/sandbox/kubernetes/fake-api'
import type { DirectSts } from '../e2e/harness/direct-sts.ts'
import {
  endlessHeaderFloods,
  halfOpenHandshakes,
  idleConnections,
  rapidResets,
  slowRequests,
  type BadClients,
} from './clients.ts'

/** The only STS host in the tokens of a soak. */
export const STS_HOST = 'sts.us-east-1.amazonaws.com'

/** Controls of a server's surroundings. */
export interface World {
  readonly aws: SandboxAws
  readonly api: FakeKubernetes
  /** The route to STS by name and port; null if this machine cannot redirect a process. */
  readonly way: DirectSts | null
  /** The data of aws-auth that maps the valid people. */
  readonly mappings: Readonly<Record<string, string>>
}

/** A part of a soak, with one fault or none. */
export interface Phase {
  readonly name: string
  /** True if every valid login must be granted, because the fault does not affect logins. */
  readonly serves: boolean
  /** True if the valid logins use new tokens, so that STS must be called. */
  readonly fresh?: boolean
  /** The number of invalid logins per second: garbage, tokens for other clusters, unmapped people. */
  readonly badLogins?: number
  /** The number of additional logins, sent as fast as they are answered, over connections of their own. */
  readonly flood?: number
  readonly clients?: BadClients
  readonly begin?: (world: World) => void | Promise<void>
  readonly end?: (world: World) => void | Promise<void>
}

function faulty(fault: Fault): Phase {
  return {
    name: `STS: ${fault}`,
    serves: false,
    fresh: true,
    begin: ({ aws }) => aws.faults.set(fault),
    end: ({ aws }) => aws.faults.clear(),
  }
}

/** STS is unreachable. Phases that need a route to STS do nothing without one. */
function unreachable(how: string, begin: (way: DirectSts) => Promise<void>): Phase {
  return {
    name: `STS: ${how}`,
    serves: false,
    fresh: true,
    begin: async ({ way }) => {
      if (way !== null) await begin(way)
    },
    end: async ({ way }) => {
      way?.resolve(STS_HOST)
      await way?.become('up')
    },
  }
}

function editRoles({ api, mappings }: World, change: (mappings: string) => string): void {
  api.putConfigMap('kube-system', 'aws-auth', { ...mappings, mapRoles: change(mappings['mapRoles'] ?? '') })
}

const CALM: Phase = { name: 'calm', serves: true }

const TROUBLES: readonly Phase[] = [
  { name: 'garbage tokens', serves: true, badLogins: 2_000 },
  { name: 'more logins than there is room for', serves: false, flood: 200 },
  { name: 'idle connections', serves: true, clients: idleConnections(500) },
  { name: 'half-open TLS handshakes', serves: true, clients: halfOpenHandshakes(200) },
  { name: 'slow requests', serves: true, clients: slowRequests(200) },
  { name: 'HTTP/2 rapid reset', serves: true, clients: rapidResets(50) },
  { name: 'HTTP/2 headers without an end', serves: true, clients: endlessHeaderFloods(10) },
  faulty('hang'),
  faulty('reset'),
  faulty('throttle'),
  faulty('error500'),
  faulty('rubbish'),
  faulty('huge'),
  unreachable('connections are refused', (way) => way.become('gone')),
  unreachable('connections are taken, and nothing is said', (way) => way.become('mute')),
  unreachable('its name is not found', async (way) => {
    way.resolve()
    await way.become('gone')
  }),
  {
    name: 'STS at 200 ms',
    serves: true,
    begin: ({ aws }) => {
      aws.sts.delay = 200
    },
    end: ({ aws }) => {
      aws.sts.delay = 0
    },
  },
  {
    name: 'rubbish in aws-auth',
    serves: true,
    begin: (world) => editRoles(world, (list) => `${list}- rolearn: [`),
    end: (world) => editRoles(world, (list) => list),
  },
  {
    name: 'one bad entry in aws-auth',
    serves: true,
    begin: (world) => editRoles(world, (list) => `${list}- rolearn: nonsense\n  username: x\n`),
    end: (world) => editRoles(world, (list) => list),
  },
]

/**
 * One round. A calm phase follows each fault, to show that the server recovers.
 *
 * @param only - A part of the names of the phases to run.
 */
export function phasesOf(only: string): readonly Phase[] {
  return TROUBLES.filter(({ name }) => name.includes(only)).flatMap((phase) => [phase, CALM])
}
