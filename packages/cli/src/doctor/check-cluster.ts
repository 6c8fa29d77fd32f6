import { AuthenticatorError } from '@aws-iam-authenticator/core/errors/errors'
import { property, textAt } from '@aws-iam-authenticator/core/untrusted'
import { readJson } from '@aws-iam-authenticator/kubernetes/api/read-json'
import type { KubernetesApi } from '@aws-iam-authenticator/kubernetes/api/connection'
import type { Kubeconfig } from '@aws-iam-authenticator/kubernetes/kubeconfig/kubeconfig'
import type { Environment } from '@aws-iam-authenticator/network/environment'
import { connectToCluster } from '../cluster/connect.ts'
import type { AwsIdentity } from './check-aws.ts'
import type { Finding } from './check.ts'
import type { ExecEntry } from './exec-entry.ts'
import type { NewToken } from './make-token.ts'

const TIMEOUT_MS = 10_000
const UNCHECKED =
  ', and its certificate is not checked (insecure-skip-tls-verify): whoever is in between can take your token; give ' +
  'certificate-authority-data instead'
const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

/** Connects to the API server with this authorization, or anonymously. Client certificates of the user are not sent. */
async function connect(
  { server, tls }: Kubeconfig,
  environment: Environment,
  authorization: string | null,
): Promise<KubernetesApi> {
  const { cert: _certificate, key: _key, ...trust } = tls
  return await connectToCluster(
    { server, tls: trust, authorization: () => Promise.resolve(authorization) },
    environment,
  )
}

/** The URL of an API server to show, without a user and password. */
export function shownServer({ server }: Kubeconfig): string {
  const url = new URL(server)
  if (url.username === '' && url.password === '') return server
  Object.assign(url, { username: '', password: '' })
  return url.href
}

/** Checks that the API server answers and that its certificate is trusted. Its status does not matter. */
export async function checkApiServer(kubeconfig: Kubeconfig, environment: Environment): Promise<Finding<object>> {
  const api = await connect(kubeconfig, environment, null)
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const { statusCode, body } = await api.get('/version', {}, { signal, bodyTimeoutMs: TIMEOUT_MS })
    const version = textAt(await readJson(body), 'gitVersion')
    const found = `${shownServer(kubeconfig)} answers${version === undefined ? ` (${statusCode})` : `, ${version}`}`
    const isWarning = kubeconfig.tls.rejectUnauthorized === false
    return { found: `${found}${isWarning ? UNCHECKED : ''}`, value: {}, isWarning }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new AuthenticatorError(
      'api_server_unreachable',
      `can't reach ${shownServer(kubeconfig)}: ${why}; check the network, the VPN, HTTPS_PROXY, and server and ` +
        'certificate-authority-data in the kubeconfig',
    )
  } finally {
    await api.close()
  }
}

function describeUser(answer: unknown): string {
  const groups = property(property(property(answer, 'status'), 'userInfo'), 'groups')
  const names = Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : []
  const username = textAt(answer, 'status', 'userInfo', 'username') ?? ''
  return `username "${username}", groups ${names.length === 0 ? 'none' : names.join(', ')}`
}

/** Logs in to the API server with a new token and asks it who the user is, as `kubectl auth whoami` does. */
export async function checkLogin(
  kubeconfig: Kubeconfig,
  { clusterId, environment, jwt }: ExecEntry,
  { canonicalArn }: AwsIdentity,
  { token, madeAt }: NewToken,
): Promise<Finding<object>> {
  const api = await connect(kubeconfig, environment, `Bearer ${token}`)
  try {
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
    const { status, answer } = await api.write({ method: 'POST', path: REVIEWS, body }, AbortSignal.timeout(TIMEOUT_MS))
    if (status === 201) return { found: describeUser(answer), value: {} }
    if (status === 403 || status === 404) {
      return { found: `accepted; the API server does not tell as whom (${status})`, value: {} }
    }
    if (status !== 401) {
      throw new AuthenticatorError(
        'login_failed',
        `the API server answered with status ${status}: try again in a moment`,
      )
    }
    const bound =
      jwt === undefined
        ? `the cluster ID is not "${clusterId}"`
        : `JWTs for audience "${jwt.audience}" are not accepted`
    throw new AuthenticatorError(
      'login_refused',
      `the API server refused the token (401): ask an administrator why the server refused ${canonicalArn} at ` +
        `${madeAt.toISOString()}: either no mapping names it, or ${bound}, or the authenticator does not work, ` +
        'which "aws-iam-authenticator status" on a control-plane node shows',
    )
  } finally {
    await api.close()
  }
}
