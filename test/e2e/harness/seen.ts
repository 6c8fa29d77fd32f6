import type { Test } from 'tap'
import type { SandboxAws } from '@aws-iam-authenticator/sandbox/aws/sandbox'
import type { WebhookFront } from '@aws-iam-authenticator/sandbox/kubernetes/webhook-front'
import { runDoctor, type DoctorOptions } from './doctor.ts'
import { notePrinted } from './documented.ts'
import type { TestServer } from './server.ts'
import { runStatus } from './status.ts'

/** Asserts the exit code of `status`, and its first paragraph in one line. */
export async function statusSays(t: Test, name: string, server: TestServer, code: number, says: RegExp): Promise<void> {
  const found = await runStatus(server)
  const [verdict = ''] = found.stdout.split('\n\n', 1)
  t.equal(found.code, code, `${name}: ${verdict}${found.stderr}`)
  const line = `${verdict}${found.stderr}`.replaceAll('\n', ' ')
  notePrinted(line)
  t.match(line, says, name)
}

/** What `doctor` says to a person whose own machine is well. */
export const DOCTOR = {
  isGranted: /^you can log in$/,
  isRefused:
    /^you can't log in: login failed: the API server refused the token \(401\): ask an administrator why .* at 20.*: either no mapping names it, .* which "aws-iam-authenticator status" on a control-plane node shows$/,
} as const

/** Asserts what `doctor` says to a person, whose AWS has no fault. */
export async function doctorSays(
  t: Test,
  name: string,
  front: WebhookFront,
  aws: Pick<SandboxAws, 'environment'>,
  says: RegExp,
  options: DoctorOptions = {},
): Promise<void> {
  const { code, verdict } = await runDoctor(t, front, aws.environment, options)
  t.equal(code, says === DOCTOR.isRefused ? 2 : 0, `${name}: doctor`)
  t.match(verdict, says, `${name}: doctor`)
}
