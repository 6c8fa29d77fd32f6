import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { test, type Test } from 'tap'
import { instanceCredentials } from '../../src/credentials/instance.ts'
import { createInstanceMetadata, type InstanceMetadata } from '../../src/aws/instance-metadata.ts'

const ROLE = 'iam/security-credentials/'

async function serve(t: Pick<Test, 'teardown'>, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

/** An instance whose metadata service supports only version 2. */
async function instanceWith(
  t: Pick<Test, 'teardown'>,
  metadata: Readonly<Record<string, string>>,
): Promise<{ metadata: InstanceMetadata; requests: string[] }> {
  const requests: string[] = []
  const endpoint = await serve(t, (request, response) => {
    requests.push(`${request.method} ${request.url}`)
    if (request.method === 'PUT') {
      const lifetime = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds'])
      response.writeHead(lifetime > 0 ? 200 : 400).end('session')
      return
    }
    const text = metadata[(request.url ?? '').replace('/latest/meta-data/', '')]
    const known = request.headers['x-aws-ec2-metadata-token'] === 'session'
    response.writeHead(!known ? 401 : text === undefined ? 404 : 200).end(text)
  })
  return { metadata: createInstanceMetadata({ AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint }), requests }
}

void test('one session token serves all requests', async (t) => {
  const { metadata, requests } = await instanceWith(t, { 'placement/region': 'eu-west-1', 'instance-id': 'i-1' })
  t.equal(await metadata.get('placement/region'), 'eu-west-1')
  t.equal(await metadata.get('instance-id'), 'i-1')
  await t.rejects(metadata.get('nothing'), /404/)
  t.equal(requests.filter((request) => request === 'PUT /latest/api/token').length, 1)
})

void test("the credentials of the instance's role", async (t) => {
  const document = {
    Code: 'Success',
    AccessKeyId: 'ASIAINSTANCE',
    SecretAccessKey: 'secret',
    Token: 'session token',
    Expiration: '2030-01-01T00:00:00Z',
  }
  const { metadata } = await instanceWith(t, { [ROLE]: 'nodes', [`${ROLE}nodes`]: JSON.stringify(document) })
  t.has(await instanceCredentials(metadata), {
    accessKeyId: 'ASIAINSTANCE',
    secretAccessKey: 'secret',
    sessionToken: 'session token',
    expiration: new Date('2030-01-01T00:00:00Z'),
  })
})

void test('malformed credentials of the instance', async (t) => {
  for (const answer of ['{}', '<html>', 'null', '{"Code":"Failed"}', '{"AccessKeyId":"A","SecretAccessKey":"b"}']) {
    const { metadata } = await instanceWith(t, { [ROLE]: 'nodes', [`${ROLE}nodes`]: answer })
    await t.rejects(instanceCredentials(metadata), { code: 'instance_failed' }, answer)
  }
})

void test('the service is never called if it is disabled', async (t) => {
  let requests = 0
  const endpoint = await serve(t, (_, response) => {
    requests += 1
    response.end('x')
  })
  const metadata = createInstanceMetadata({
    AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint,
    AWS_EC2_METADATA_DISABLED: 'True',
  })
  await t.rejects(metadata.get('placement/region'), /AWS_EC2_METADATA_DISABLED/)
  t.equal(requests, 0)
})

void test('a service that never answers is called once', async (t) => {
  let requests = 0
  const endpoint = await serve(t, () => {
    requests += 1
  })
  const metadata = createInstanceMetadata({ AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint })
  await t.rejects(metadata.get('placement/region'), /did not answer/)
  await t.rejects(metadata.get(ROLE), /did not answer/)
  t.equal(requests, 1)
})

void test('no fallback to version 1, and redirects are not followed', async (t) => {
  for (const status of [302, 401, 403, 404, 405]) {
    const methods: string[] = []
    const endpoint = await serve(t, (request, response) => {
      methods.push(request.method ?? '')
      response.writeHead(status, { location: '/latest/api/token' }).end('region')
    })
    const metadata = createInstanceMetadata({ AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint })
    await t.rejects(metadata.get('placement/region'), new RegExp(String(status)))
    t.same(methods, ['PUT'])
  }
})
