import { property } from '@aws-iam-authenticator/core/untrusted'
import t from 'tap'
import { runCommand } from '../e2e/harness/command.ts'
import { document } from './documents.ts'
import { exampleEnvironment, startExampleAws, writeProfiles } from './person.ts'
import { prepareShell } from './shell.ts'

/** The only statement of a policy in jwt.md. */
function statementUnder(heading: string): unknown {
  const { blocks } = document('docs/jwt.md')
  const block = blocks.find((candidate) => candidate.heading === heading && candidate.language === 'json')
  const policy: unknown = JSON.parse(block?.text ?? '')
  const [statement] = [property(policy, 'Statement')].flat()
  return statement
}

t.test('the IAM policy of jwt.md is what "token" says without it', async (t) => {
  const aws = await startExampleAws(t)
  for (const [id, identity] of aws.sts.identities) aws.sts.identities.set(id, { ...identity, audiences: [] })
  const { folder } = prepareShell(t, {})
  writeProfiles(folder)
  const environment = { ...exampleEnvironment(folder, aws), AWS_PROFILE: 'work' }
  const { code, stderr } = await runCommand(['token', '-i', 'k8s.local', '--token-type=jwt'], { environment })
  t.equal(code, 1)
  t.strictSame(JSON.parse(stderr.slice(stderr.indexOf('{'))), statementUnder('On the laptop: token'))
})

t.test('the trust policy of jwt.md allows a source identity', (t) => {
  t.match(statementUnder('The person behind a role'), {
    Effect: 'Allow',
    Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    Condition: { StringEquals: { 'sts:SourceIdentity': '${aws:username}' } },
  })
  t.end()
})
