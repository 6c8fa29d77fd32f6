// Runs in its own network namespace, in which the address of ECS's credentials endpoint belongs to this machine: answers
// there, runs `token`, and prints the outcome as JSON.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { minimalEnvironment, runCommand } from './command.ts'

const [home = ''] = process.argv.slice(2)
const requests: string[] = []
const server = createServer((request, response) => {
  requests.push(request.url ?? '')
  response.end(
    JSON.stringify({
      AccessKeyId: 'ASIAECSTASKECSTASK00',
      SecretAccessKey: 'a-secret-of-the-task',
      Token: 'a-session-token-of-the-task',
      Expiration: `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19)}Z`,
    }),
  )
}).listen(80, '169.254.170.2')
await once(server, 'listening')
const environment = {
  ...minimalEnvironment(home),
  AWS_REGION: 'us-west-2',
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/task',
}
const finished = await runCommand(['token', '-i', 'k8s.local', '--token-only'], { environment })
server.close()
server.closeAllConnections()
console.log(JSON.stringify({ ...finished, requests }))
