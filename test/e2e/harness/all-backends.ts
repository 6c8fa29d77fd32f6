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

/** A backend maps the roles whose names have its initial. Their username is the backend's name. */
const INITIALS: Readonly<Record<Mode, string>> = { MountedFile: 'M', EKSConfigMap: 'E', CRD: 'C', DynamicFile: 'D' }
const ROLES = ['M', 'E', 'C', 'D', 'ME', 'MC', 'MD', 'EC', 'ED', 'CD', 'MEC', 'MED', 'MCD', 'ECD', 'MECD']

function rolesOf(mode: Mode): readonly string[] {
  return ROLES.filter((role) => role.includes(INITIALS[mode]))
}

function entriesOf(mode: Mode): string {
  return JSON.stringify(rolesOf(mode).map((role) => ({ rolearn: roleArn(role), username: mode })))
}

/** A server with all four backends available. */
export interface AllBackends extends DynamicServer {
  readonly cluster: Cluster
  /** Asserts that this list is active: each role is mapped by the first backend that knows it. */
  readonly assertActive: (modes: readonly Mode[]) => Promise<void>
}

/**
 * Starts a server with all four backends available, and a file that decides which of them are asked.
 *
 * @param before The initial content of that file; absent without the file.
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
  // The first logins open connections. The time limits are for a warm server.
  await answers()
  const expected = (modes: readonly Mode[]): string =>
    ROLES.map((role) => `${role}: ${modes.find((mode) => role.includes(INITIALS[mode])) ?? 'refused'}`).join()
  return {
    ...dynamic,
    cluster,
    assertActive: (modes) => eventually(t, modes.join(), expected(modes), LIVE_MS, answers),
  }
}
