import { writeFileSync } from 'node:fs'
import type { Test } from 'tap'
import { startCluster, type Cluster } from './cluster.ts'
import { LIVE_MS, mapOf, startDynamicServer, type DynamicServer } from './dynamic.ts'
import { eventually } from './eventually.ts'
import { allowIdentityMappings, putMapping } from './identity-mappings.ts'
import { logIn, roleArn, roleToken } from './logins.ts'

/** All backends. */
export const MODES = ['MountedFile', 'EKSConfigMap', 'CRD', 'DynamicFile'] as const
export type Mode = (typeof MODES)[number]

/** The roles that a backend maps are those whose names have its initial; their username is the backend's name. */
const INITIALS: Readonly<Record<Mode, string>> = { MountedFile: 'M', EKSConfigMap: 'E', CRD: 'C', DynamicFile: 'D' }
const ROLES = ['M', 'E', 'C', 'D', 'ME', 'MC', 'MD', 'EC', 'ED', 'CD', 'MEC', 'MED', 'MCD', 'ECD', 'MECD']

function rolesOf(mode: Mode): readonly string[] {
  return ROLES.filter((role) => role.includes(INITIALS[mode]))
}

function entriesOf(mode: Mode): string {
  return JSON.stringify(rolesOf(mode).map((role) => ({ rolearn: roleArn(role), username: mode })))
}

/** A server to which all four backends are open. */
export interface AllBackends extends DynamicServer {
  readonly cluster: Cluster
  /** Asserts that this list is in force: each role is mapped by the first backend that knows it. */
  readonly inForce: (modes: readonly Mode[]) => Promise<void>
}

/**
 * Starts a server to which all four backends are open, with a file that decides which of them are asked.
 *
 * @param before What that file holds at the start; absent where it is not there.
 */
export async function startAll(t: Test, configured: string, before?: string): Promise<AllBackends> {
  const cluster = await startCluster(t)
  allowIdentityMappings(cluster)
  cluster.api.putConfigMap('kube-system', 'aws-auth', { mapRoles: entriesOf('EKSConfigMap') })
  for (const role of rolesOf('CRD')) putMapping(cluster.api, role.toLowerCase(), role, 'CRD')
  const dynamic = await startDynamicServer(t, {
    server: ({ map, mode }) =>
      `  kubeconfig: ${cluster.kubeconfig}\n  dynamicfilepath: ${map}\n  dynamicBackendModePath: ${mode}\n` +
      `  mapRoles: ${entriesOf('MountedFile')}\n`,
    args: [`--backend-mode=${configured}`],
    before: ({ map, mode }) => {
      writeFileSync(map, mapOf(Object.fromEntries(rolesOf('DynamicFile').map((role) => [role, 'DynamicFile']))))
      if (before !== undefined) writeFileSync(mode, before)
    },
  })
  const tokens = new Map(ROLES.map((role) => [role, roleToken(dynamic.aws, role)]))
  const answers = async (): Promise<string> => {
    const told = [...tokens].map(async ([role, token]) => `${role}: ${await logIn(dynamic.server, token)}`)
    return (await Promise.all(told)).join()
  }
  // The first logins open connections; the bounds are for a server that runs.
  await answers()
  const expected = (modes: readonly Mode[]): string =>
    ROLES.map((role) => `${role}: ${modes.find((mode) => role.includes(INITIALS[mode])) ?? 'refused'}`).join()
  return {
    ...dynamic,
    cluster,
    inForce: (modes) => eventually(t, modes.join(), expected(modes), LIVE_MS, answers),
  }
}
