import { Agent, request } from 'undici'
import { FakeKubernetes, allowAll, type FakeKubernetesOptions } from '../fake-api.ts'
import { selfSignedPair } from '../certificates.ts'
import { isRecord } from './objects.ts'

export const serverTls: ReturnType<typeof selfSignedPair> = selfSignedPair('sandbox')

export const ADMIN_TOKEN = 'admin-token'

export type Answer = { status: number; body: Record<string, unknown> }

export type AskOptions = { token?: string | undefined; body?: unknown; contentType?: string }

/** A field of an answer's `metadata`; empty if absent. */
export function metadataField({ body }: Answer, field: string): string {
  const value = isRecord(body.metadata) ? body.metadata[field] : undefined
  return typeof value === 'string' ? value : ''
}

/** A watch from the client's side: its events one by one, undefined at the end. */
export type WatchClient = { status: number; next(): Promise<unknown>; cancel(): void }

/** Calls a fake API as its administrator, or with another token. */
export class TestClient {
  readonly #agent: Agent
  readonly #url: string

  constructor(url: string, ca: string = serverTls.cert) {
    this.#agent = new Agent({ connect: { ca } })
    this.#url = url
  }

  async ask(method: string, path: string, options: AskOptions = {}): Promise<Answer> {
    const { token = ADMIN_TOKEN, body, contentType = 'application/json' } = options
    const response = await request(`${this.#url}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${token}`, 'content-type': contentType, 'user-agent': 'test' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const parsed: unknown = await response.body.json()
    return { status: response.statusCode, body: isRecord(parsed) ? parsed : {} }
  }

  async watch(path: string): Promise<WatchClient> {
    const response = await request(`${this.#url}${path}`, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    const lines = linesOf(response.body)
    return {
      status: response.statusCode,
      next: async () => {
        const { value } = await lines.next()
        const event: unknown = value === undefined ? undefined : JSON.parse(value)
        return event
      },
      cancel: () => response.body.destroy(),
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }
}

/** A broken connection ends the lines, as for a client of a watch. */
async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string, undefined> {
  let rest = ''
  const decoder = new TextDecoder()
  try {
    for await (const chunk of body) {
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch {}
  return undefined
}

export type Fixture = { api: FakeKubernetes; client: TestClient; stop: () => Promise<void> }

/** An API with an administrator, and a client for it. */
export async function startFixture(options: Partial<FakeKubernetesOptions> = {}): Promise<Fixture> {
  const accounts = [{ username: 'admin', token: ADMIN_TOKEN, allow: allowAll }, ...(options.accounts ?? [])]
  const api = await FakeKubernetes.start({ tls: serverTls, ...options, accounts })
  const client = new TestClient(api.url)
  const stop = async (): Promise<void> => {
    await client.close()
    await api.close()
  }
  return { api, client, stop }
}
