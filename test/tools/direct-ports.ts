/** An execution with one token of a stand-in, no service between: what reaches the stand-in, and what it says. */
import { connectionIdSchema } from '@keywell/protocol'
import { providers } from '@keywell/providers'
import {
  createPlaceMemory,
  executeTool,
  SendFailure,
  type SendRequest,
  type ToolConnection,
  type ToolPorts,
} from '@keywell/tools'

export interface Direct {
  call(tool: string, given: Record<string, unknown>): ReturnType<typeof executeTool>
  /** Every request that was sent. */
  readonly sent: readonly SendRequest[]
}

export interface DirectOptions {
  readonly provider: string
  readonly host: string
  readonly token: string
  /** What the planner knows of the token. Default: nothing, so that the provider decides. */
  readonly scopes?: readonly string[]
  readonly isPersonal?: boolean
}

export function createDirect(options: DirectOptions): Direct {
  const { provider: name, host, token, scopes } = options
  const provider = providers.find((one) => one.name === name)
  if (provider === undefined) throw new Error(`There is no provider ${name}.`)
  const connection: ToolConnection = {
    id: connectionIdSchema.parse('con_01JDXYZABCDEFGHJKMNPQRSTVW'),
    name: 'default',
    provider: name,
    host,
    generation: 1,
    scopes,
    implications: provider,
  }
  const sent: SendRequest[] = []
  const ports: ToolPorts = {
    now: Date.now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    placeMemory: createPlaceMemory(),
    findConnection: async () => ({ state: 'active', connection }),
    policy: async () => ({
      readOnly: false,
      names: null,
      denied: [],
      approval: 'never',
      places: {},
      defaultPlaces: {},
      revealsValues: false,
      rateLimit: { calls: 0, windowMs: 60_000 },
      maxResultBytes: 1_048_576,
    }),
    send: async (_, request) => {
      sent.push(request)
      return sendWith(options, request)
    },
    examine: async () => ({ state: 'alive' }),
    takePlace: () => 0,
    pause: () => {},
    connectUrl: async () => undefined,
    useApproval: async () => ({ state: 'invalid', reason: 'unknown' }),
    requestApproval: () => Promise.reject(new Error('Nothing here waits for a person.')),
    begin: async () => 'exe_1',
    end: async () => {},
    refused: async () => {},
  }
  return { sent, call: (tool, given) => executeTool(ports, { tool, arguments: given }) }

  async function sendWith({ isPersonal }: DirectOptions, request: SendRequest) {
    const { method, path, query, body, maxBytes, timeoutMs } = request
    const first = await fetch(`${host}${path}${query === '' ? '' : `?${query}`}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(isPersonal ? { 'private-token': token } : { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw new SendFailure('unreachable', String(error), false)
    })
    // Another host gets no token.
    const elsewhere = first.headers.get('location')
    const response = elsewhere === null ? first : await fetch(elsewhere)
    const bytes = new Uint8Array(await response.arrayBuffer())
    return {
      status: response.status,
      headers: response.headers,
      body: bytes.subarray(0, maxBytes),
      isCut: bytes.length > maxBytes,
      generation: 1,
      secrets: [token],
    }
  }
}
