// Draws the dashboard after a few minutes of logins of every kind. Grafana is not available from npm or Debian.
//   node --conditions=aws-iam-authenticator-source test/monitoring/panels.ts OUTPUT.png
// A real Prometheus scrapes a real server; Chromium takes the picture.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ROOT } from '../docs/documents.ts'
import { minimalEnvironment, temporaryFolder } from '../e2e/harness/command.ts'
import { govRoleArn, startGovCloud } from '../e2e/harness/govcloud.ts'
import { tokenOf } from '../e2e/harness/logins.ts'
import { startTestServer } from '../e2e/harness/server.ts'
import { panelsOf } from './dashboard.ts'
import { drawDashboard } from './draw.ts'
import { startPrometheus } from './prometheus.ts'

const REGION = 'us-gov-west-1'
const SECONDS = 90
const HOST = `sts.${REGION}.amazonaws.com`

function session(role: string): string {
  return `arn:aws-us-gov:sts::210987654321:assumed-role/${role}/dev`
}

const [output = 'panels.png'] = process.argv.slice(2)
const cleanUps: (() => unknown)[] = []
const scope = { teardown: (action: () => unknown): void => void cleanUps.unshift(action) }

try {
  const aws = await startGovCloud(scope)
  const folder = temporaryFolder(scope)
  const map = join(folder, 'map.json')
  const configuration = [
    'clusterID: k8s.local',
    'server:',
    '  backendMode: [MountedFile, DynamicFile]',
    `  dynamicfilepath: ${map}`,
    `  mapRoles: [{rolearn: '${govRoleArn('K8s-Admin')}', username: admin}]`,
  ].join('\n')
  const server = await startTestServer(scope, { aws, configuration })
  const prometheus = await startPrometheus(scope, server)
  const logIn = (role: string): Promise<unknown> => server.review(tokenOf(aws, session(role), REGION))
  const start = Date.now()
  for (let second = 0; second < SECONDS; second++) {
    if (second === 15) writeFileSync(map, '[]')
    if (second === 50) writeFileSync(map, '{}')
    const wave = 20 + Math.round(15 * Math.sin(second / 12))
    const logins = Array.from({ length: wave }, (_, index) => logIn(index % 9 === 0 ? 'Intern' : 'K8s-Admin'))
    if (second % 2 === 0) logins.push(server.review('k8s-aws-v1.rubbish'))
    await Promise.all(logins)
    const fault = second > 30 && second < 45 ? 'throttle' : second > 60 && second < 68 ? 'reset' : undefined
    if (fault !== undefined) {
      aws.faults.set(fault, HOST)
      await Promise.all([logIn('K8s-Admin'), logIn('K8s-Admin')])
      aws.faults.clear(HOST)
    }
    await setTimeout(Math.max(0, start + (second + 1) * 1000 - Date.now()))
  }
  const panels = panelsOf(JSON.parse(readFileSync(join(ROOT, 'deploy/monitoring/dashboard.json'), 'utf8')))
  const page = join(folder, 'page.html')
  const { html, height } = await drawDashboard(panels, [start / 1000, Date.now() / 1000], (...asked) =>
    prometheus.range(...asked),
  )
  writeFileSync(page, html)
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--hide-scrollbars',
  ]
  execFileSync(
    'chromium',
    [
      ...flags,
      `--user-data-dir=${join(folder, 'profile')}`,
      `--window-size=1440,${height}`,
      `--screenshot=${output}`,
      `file://${page}`,
    ],
    {
      env: minimalEnvironment(folder),
      stdio: 'ignore',
    },
  )
} finally {
  for (const action of cleanUps) await action()
}
