import { type ConnectionId, connectionIdSchema } from '@keywell/protocol'
import { gitlab } from '@keywell/providers'
import {
  createPlaceMemory,
  defaultPolicy,
  type SendRequest,
  type SentAnswer,
  type ToolPorts,
} from '@keywell/tools'

const id: ConnectionId = connectionIdSchema.parse('con_01JDXYZABCDEFGHJKMNPQRSTVW')
const maxRedirects = 5

/** Ports of an execution with one token at a stand-in GitLab, and a count of what was sent. */
export interface TokenPorts {
  readonly ports: ToolPorts
  readonly sent: string[]
}

/** What GitLab decides is left to it: the scopes of the token are not known here. */
export function tokenPorts(host: string, token: string): TokenPorts {
  const sent: string[] = []
  const connection = {
    id,
    name: 'default',
    provider: 'gitlab',
    host,
    generation: 1,
    scopes: undefined,
    implications: gitlab,
  }
  const ports: ToolPorts = {
    now: Date.now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    placeMemory: createPlaceMemory(),
    findConnection: async () => ({ state: 'active', connection }),
    policy: async () => ({
      ...defaultPolicy,
      approval: 'never',
      rateLimit: { calls: 0, windowMs: 60_000 },
    }),
    send: async (_, request) => {
      sent.push(`${request.method} ${request.path}`)
      return await send(host, token, request)
    },
    examine: async () => {
      const { status } = await fetch(`${host}/api/v4/user`, { headers: headersOf(token) })
      return status === 401 ? { state: 'invalid' } : { state: 'alive' }
    },
    takePlace: () => 0,
    pause: () => {},
    connectUrl: async () => undefined,
    useApproval: async () => ({ state: 'invalid', reason: 'unknown' }),
    requestApproval: async () => {
      throw new Error('no call needs an approval here')
    },
    begin: async () => 'exe_1',
    end: async () => {},
    refused: async () => {},
  }
  return { ports, sent }
}

/** Redirects of a read are followed; beyond the host without the token. */
async function send(host: string, token: string, request: SendRequest): Promise<SentAnswer> {
  let url = new URL(host + request.path)
  url.search = request.query
  for (let step = 0; step <= maxRedirects; step += 1) {
    const response = await fetch(url, {
      method: request.method,
      redirect: 'manual',
      headers: {
        ...(url.origin === new URL(host).origin ? headersOf(token) : {}),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || location === null) {
      const body = new Uint8Array(await response.arrayBuffer())
      const { status, headers } = response
      const isCut = body.length > request.maxBytes
      const cut = body.subarray(0, request.maxBytes)
      return { status, headers, body: cut, isCut, generation: 1, secrets: [token] }
    }
    url = new URL(location, url)
  }
  throw new Error(`${host} redirects in a circle`)
}

function headersOf(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}
