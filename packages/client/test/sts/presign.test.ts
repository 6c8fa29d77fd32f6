import { test } from 'tap'
import { presign } from '@aws-iam-authenticator/sandbox/aws/sign'
import { presignCallerIdentity } from '../../src/sts/presign.ts'

const now = new Date('2025-03-04T05:06:07.890Z')
const endpoint = { host: 'sts.us-gov-west-1.amazonaws.com', signingRegion: 'us-gov-west-1' }
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }

function reference(clusterId: string, sessionToken?: string): string {
  const query = presign(
    {
      method: 'GET',
      host: endpoint.host,
      path: '/',
      query: [
        ['Action', 'GetCallerIdentity'],
        ['Version', '2011-06-15'],
      ],
      headers: new Map([['x-k8s-aws-id', clusterId]]),
      body: '',
    },
    {
      ...credentials,
      ...(sessionToken !== undefined && { sessionToken }),
      region: endpoint.signingRegion,
      service: 'sts',
      date: now,
    },
  )
  return `https://${endpoint.host}/?${query}`
}

void test('golden URL: sorted keys, encoded values, the signature last', async (t) => {
  t.equal(
    await presignCallerIdentity({ clusterId: 'k8s.local', credentials, endpoint, now }),
    'https://sts.us-gov-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&' +
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20250304%2Fus-gov-west-1%2Fsts%2Faws4_request&' +
      'X-Amz-Date=20250304T050607Z&X-Amz-Expires=60&' +
      'X-Amz-SignedHeaders=host%3Bx-k8s-aws-id&X-Amz-Signature=48959f232cc6e846bf899c6cb6b1c2a6289996a04d00a829ee7fb839a8bfce7a',
  )
})

void test('the URL equals that of an independent SigV4 implementation', async (t) => {
  const sessionTokens = [undefined, 'IQoJb3JpZ2luX2VjE/+==', "all ~of-_these.!'()*&=?#%20é", 'x'.repeat(9000)]
  for (const clusterId of ['k8s.local', 'my cluster', 'arn:aws:eks:eu-west-1:111122223333:cluster/c', '!*()', 'ü']) {
    for (const sessionToken of sessionTokens) {
      const signed = await presignCallerIdentity({
        clusterId,
        credentials: { ...credentials, ...(sessionToken !== undefined && { sessionToken }) },
        endpoint,
        now,
      })
      t.equal(signed, reference(clusterId, sessionToken), `cluster ${clusterId}`)
    }
  }
})

async function at(time: string): Promise<string> {
  return await presignCallerIdentity({ clusterId: 'c', credentials, endpoint, now: new Date(time) })
}

void test('milliseconds have no effect, seconds have', async (t) => {
  t.equal(await at('2025-03-04T05:06:07.000Z'), await at('2025-03-04T05:06:07.999Z'))
  t.not(await at('2025-03-04T05:06:07.000Z'), await at('2025-03-04T05:06:08.000Z'))
})
