import { REASON_CODES, type ReasonCode } from '@aws-iam-authenticator/core/errors/reasons'
import { choice, text, type Option } from './option.ts'
import { textOrJson } from './text-or-json.ts'

export const TOKEN: Option<string | null> = text({
  flag: 'token',
  short: 't',
  description: 'Token to explain; - reads it from standard input, which keeps it out of the list of processes',
})
export const ARN: Option<string | null> = text({
  flag: 'arn',
  complete: 'roles',
  placeholder: 'ARN',
  description: 'ARN of a role, a role session or a user to explain in place of a token; STS is not asked',
})
export const USER_ID: Option<string | null> = text({
  flag: 'user-id',
  description: 'With --arn: the unique id of the role or user, such as AROA… or AIDA…',
})
export const SESSION_NAME: Option<string | null> = text({
  flag: 'session-name',
  description: 'With --arn: the name of the session, where the ARN does not have it',
})
export const REASON: Option<ReasonCode | ''> = choice<ReasonCode | ''>(
  {
    flag: 'reason',
    choices: REASON_CODES,
    description: 'Reason of a refusal, as in the log: shows what it means and how to fix it; needs no network',
  },
  '',
)
export const OUTPUT: Option<'text' | 'json'> = textOrJson()
