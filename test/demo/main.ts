// The whole login on this machine, without an AWS account: real processes of the built command, real TLS, and a stand-in for
// STS that checks every signature.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Role } from '@aws-iam-authenticator/sandbox/aws/account'
import { startSandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import { minimalEnvironment, runCommand, type Environment } from '../e2e/harness/command.ts'
import { freePort, startTestServer, type LogLine, type TestServer } from '../e2e/harness/server.ts'
import { NEXT_STEPS } from './next-steps.ts'
import { tellStory } from './story.ts'

const ACCOUNT = '123456789012'
const ADMIN = `arn:aws:iam::${ACCOUNT}:role/K8s-Admin`
const INTERN = `arn:aws:iam::${ACCOUNT}:role/Intern`
const ALICE = {
  accountId: ACCOUNT,
  arn: `arn:aws:iam::${ACCOUNT}:user/alice`,
  userId: 'AIDAALICEALICEALICEAL',
  secretAccessKey: 'a-secret-of-the-demo',
}
const ALICE_KEY_ID = 'AKIAALICEALICEALICEA'
const TRUST_ALICE: Pick<Role, 'trusts'> = { trusts: [ALICE.arn] }

/** @param issuer The URL of the issuer of the account's JWTs. */
function configurationFor(issuer: string): string {
  return `clusterID: k8s.local
server:
  webIdentity:
    issuers:
      - url: ${issuer}
        accounts: ['${ACCOUNT}']
  mapRoles:
    - rolearn: ${ADMIN}
      username: iam-admin-{{SessionName}}
      groups:
        - system:masters
    - rolearn: ${ADMIN}
      sourceIdentity: '*'
      username: iam-admin-{{SourceIdentity}}
      groups:
        - system:masters
`
}

const story = tellStory(process.stdout)
const cleanUps: (() => unknown)[] = []
const scope = { teardown: (action: () => unknown): void => void cleanUps.unshift(action) }

function text(line: LogLine, field: string): string {
  const value = line[field]
  return Array.isArray(value) ? value.join(', ') : String(value)
}

async function token(environment: Environment, args: readonly string[], what: string): Promise<string> {
  story.command(`aws-iam-authenticator token ${args.join(' ')}`)
  const { code, stdout, stderr } = await runCommand(['token', ...args, '--token-only'], { environment })
  if (code !== 0) throw new Error(stderr)
  story.good(`a token of ${stdout.trim().length} characters: ${what}`)
  return stdout.trim()
}

function sign(environment: Environment, clusterId: string, role: string): Promise<string> {
  const args = ['-i', clusterId, '-r', role, '-s', 'alice']
  return token(environment, args, 'a presigned GetCallerIdentity URL, in base64')
}

function isDecision({ msg }: LogLine): boolean {
  return msg === 'access granted' || msg === 'access denied'
}

/** Sends the TokenReview that kube-apiserver would send, and prints the outcome from the server's own log. */
async function review(server: TestServer, token: string, expected: 'access granted' | 'access denied'): Promise<void> {
  const { length } = server.log()
  const decided = (): LogLine | undefined => server.log().slice(length).find(isDecision)
  const answer = await server.review(token)
  await server.waitForLog(() => decided() !== undefined)
  if (decided()?.['msg'] !== expected) throw new Error(`this should have ended with ${expected}:\n${server.output()}`)
  story.command(`POST https://localhost:${server.port}/authenticate   (TokenReview, as kube-apiserver sends it)`)
  for (const line of server.log().slice(length)) {
    if (line['msg'] === 'STS response') {
      story.fact('STS says', `${text(line, 'arn')}, by ${text(line, 'stsendpoint')}`)
    } else if (line['msg'] === 'access granted') {
      if (line['issuer'] !== undefined) story.fact('signed by', text(line, 'issuer'))
      story.fact('mapping', `${text(line, 'entry')} of ${text(line, 'backend')}`)
      story.fact('user', text(line, 'username'))
      story.fact('groups', text(line, 'groups'))
      story.good(`access granted: status ${answer.status}, authenticated: true`)
    } else if (line['msg'] === 'access denied') {
      story.fact('reason', text(line, 'reason'))
      story.fact('error', text(line, 'error'))
      story.bad(`access denied: status ${answer.status}, authenticated: false, and no reason in the answer`)
    }
  }
}

async function main(): Promise<void> {
  const aws = await startSandboxAws({
    identities: new Map([[ALICE_KEY_ID, ALICE]]),
    roles: new Map([
      [ADMIN, { roleId: 'AROAADMINADMINADMINAD', ...TRUST_ALICE }],
      [INTERN, { roleId: 'AROAINTERNINTERNINTER', ...TRUST_ALICE }],
    ]),
  })
  scope.teardown(() => aws.close())
  const folder = mkdtempSync(join(tmpdir(), 'authenticator-demo-'))
  scope.teardown(() => rmSync(folder, { recursive: true }))
  const environment = {
    ...minimalEnvironment(folder),
    ...aws.environment,
    AWS_ACCESS_KEY_ID: ALICE_KEY_ID,
    AWS_SECRET_ACCESS_KEY: ALICE.secretAccessKey,
    AWS_REGION: 'us-west-2',
  }

  story.step('The node: init makes the TLS pair and the webhook kubeconfig')
  story.command('aws-iam-authenticator init --cluster-id=k8s.local')
  const prepared = await runCommand(['init', '--cluster-id=k8s.local'], { cwd: folder, environment })
  if (prepared.code !== 0) throw new Error(prepared.stderr)
  story.good('cert.pem, key.pem, aws-iam-authenticator.kubeconfig')

  story.step('The cluster: server answers the API server; K8s-Admin is mapped to system:masters')
  story.command('aws-iam-authenticator server --config=config.yaml --kubeconfig-pregenerated=true')
  const port = await freePort()
  const server = await startTestServer(scope, {
    aws,
    folder,
    port,
    configuration: configurationFor(aws.issuers.of(ACCOUNT).url),
    args: ['--kubeconfig-pregenerated=true'],
  })
  story.good(`listening on https://localhost:${port}/authenticate; the TLS pair of step 1 is in use`)

  story.step('The person: alice assumes K8s-Admin and signs a token')
  const good = await sign(environment, 'k8s.local', ADMIN)
  story.step('The login')
  await review(server, good, 'access granted')

  story.step('A refusal: the role Intern is not mapped')
  await review(server, await sign(environment, 'k8s.local', INTERN), 'access denied')

  story.step('A refusal: a token that was signed for another cluster')
  await review(server, await sign(environment, 'another.cluster', ADMIN), 'access denied')

  story.step('A login while STS is down: with a JWT that AWS signed before, which the server checks by itself')
  const jwtArgs = ['-i', 'k8s.local', '-r', ADMIN, '--token-type=jwt', '--source-identity=alice']
  const jwt = await token(environment, jwtArgs, 'a JWT for this cluster, signed by AWS')
  await server.waitForLog(({ msg }) => msg === 'the keys of an issuer are loaded')
  aws.faults.set('error500')
  await review(server, jwt, 'access granted')

  story.step('The end')
  const { code } = await server.stop()
  story.good(`the server stopped with exit code ${code ?? 'none'}; nothing is left behind`)

  story.step('What next')
  for (const { where, what, commands, page } of NEXT_STEPS) {
    story.fact(where, `${what}: ${page}`)
    for (const command of commands) story.command(command)
  }
}

try {
  await main()
} finally {
  for (const cleanUp of cleanUps) await cleanUp()
}
