import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startApiServer, type ApiServer } from '../../apiserver/harness/api-server.ts'
import { freePort } from '../../e2e/harness/server.ts'
import { valueAt } from '../../e2e/harness/logins.ts'
import { runWell } from './project.ts'

const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  // This event is written before the answer.
  omitStages: ['ResponseStarted', 'ResponseComplete'],
  rules: [{ level: 'Metadata', userGroups: ['viewers'] }, { level: 'None' }],
}

/** A real kube-apiserver, which asks a webhook in the project's folder about tokens. The group viewers may list namespaces. */
export interface Cluster {
  readonly api: ApiServer
  /** The users of the group viewers that have sent requests, in order. */
  users(): readonly string[]
  /** Starts the webhook: a program that prints a line when it listens. Returns the function that stops it. */
  startWebhook(
    command: readonly [string, ...string[]],
    environment: Readonly<Record<string, string | undefined>>,
  ): Promise<() => Promise<void>>
}

/** Writes the webhook's pair and kubeconfig with the installed command, for another port than 21362. */
async function initialize(project: string, port: number): Promise<string> {
  await runWell(['npx', '@aws-iam-authenticator/cli', 'init', '--cluster-id=my-cluster'], project)
  const kubeconfig = join(project, 'aws-iam-authenticator.kubeconfig')
  writeFileSync(kubeconfig, readFileSync(kubeconfig, 'utf8').replace('localhost:21362', `localhost:${port}`))
  return kubeconfig
}

/** Starts kube-apiserver. It ends with the test. */
export async function startCluster(t: { teardown(action: () => unknown): void }, project: string): Promise<Cluster> {
  const port = await freePort()
  const policy = join(project, 'audit-policy.json')
  const log = join(project, 'audit.log')
  writeFileSync(policy, JSON.stringify(POLICY))
  writeFileSync(log, '')
  const api = await startApiServer(t, {
    webhookKubeconfig: await initialize(project, port),
    flags: [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`],
  })
  await api.admin(['create', 'clusterrole', 'viewer', '--verb=list', '--resource=namespaces'])
  await api.admin(['create', 'clusterrolebinding', 'viewers', '--clusterrole=viewer', '--group=viewers'])
  return {
    api,
    users: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => String(valueAt(JSON.parse(line), 'user', 'username'))),
    startWebhook: async ([program, ...args], environment) => {
      const child = spawn(program, args, {
        cwd: project,
        env: { ...environment, PORT: String(port) },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const closed = once(child, 'close')
      const line = once(createInterface(child.stdout), 'line')
      const first = await Promise.race([line, closed.then(() => 'the webhook ended')])
      if (!Array.isArray(first)) throw new Error(first)
      return async () => {
        child.kill()
        await closed
      }
    },
  }
}
