import { findPartition } from '@aws-iam-authenticator/core/aws/partition'
import { isAllowedStsHost } from '@aws-iam-authenticator/core/aws/sts-host'
import { parseToken } from '@aws-iam-authenticator/core/token/presigned-url'
import { Refusal } from '@aws-iam-authenticator/core/errors/reasons'
import { test } from 'tap'
import { goodToken, policyOf } from './good-token.ts'
import { stsHosts } from './sts-hosts.ts'
import { withHost } from './token-row.ts'

void test('every host is allowed or rejected, alone and in a token', async (t) => {
  for (const { partition: id, host, serverRegion = null, allowed } of stsHosts) {
    const name = `${id}${serverRegion === null ? '' : ` in ${serverRegion}`}: ${host}`
    const partition = findPartition(id)
    t.ok(partition, id)
    if (partition === undefined) continue
    t.equal(isAllowedStsHost(host, { partition, serverRegion }), allowed, name)
    const result = parseToken(withHost(goodToken(), host), policyOf(id, serverRegion))
    t.equal(!(result instanceof Refusal), allowed, `${name}, in a token`)
    if (!(result instanceof Refusal)) t.equal(result.host, host)
  }
})
