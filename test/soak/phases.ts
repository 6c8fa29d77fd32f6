import type { Fault } from '../sandbox/aws/faults.ts'
import type { SandboxAws } from '../sandbox/aws/sandbox.ts'
import type { FakeKubernetes } from '../sandbox/kubernetes/fake-api.ts'
import {
  endlessHeaderFloods,
  halfOpenHandshakes,
  idleConnections,
  rapidResets,
  slowRequests,
  type BadClients,
} from './clients.ts'

/** What can be done to a server's surroundings. */
export interface World {
  readonly aws: SandboxAws
  readonly api: FakeKubernetes
  /** The data of aws-auth that lets the good ones in. */
  readonly mappings: Readonly<Record<string, string>>
}

/** A stretch of a soak, in which one thing is wrong, or none. */
export interface Phase {
  readonly name: string
  /** Whether every good login must be let in: what is wrong is no matter of those who log in. */
  readonly serves: boolean
  /** How many logins a second are no good: garbage, tokens for other clusters, people nobody mapped. */
  readonly badLogins?: number
  /** How many more logins are made as fast as they are answered, over connections of their own. */
  readonly flood?: number
  readonly clients?: BadClients
  readonly begin?: (world: World) => void
  readonly end?: (world: World) => void
}

function faulty(fault: Fault): Phase {
  return {
    name: `STS: ${fault}`,
    serves: false,
    begin: ({ aws }) => aws.faults.set(fault),
    end: ({ aws }) => aws.faults.clear(),
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

/** One round; calm stands between all that is wrong, so that it shows whether the server recovers. */
export const PHASES: readonly Phase[] = TROUBLES.flatMap((phase) => [phase, CALM])
