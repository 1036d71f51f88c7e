import { randomBytes } from 'node:crypto'
import { makeId } from '@keywell/protocol'
import { gitlab } from '@keywell/providers'
import {
  createPlaceMemory,
  defaultPolicy,
  type ToolConnection,
  type ToolPolicy,
  type ToolPorts,
} from '@keywell/tools'

const policy: ToolPolicy = {
  ...defaultPolicy,
  approval: 'never',
  rateLimit: { calls: 0, windowMs: 60_000 },
}

/** Nothing but the request: what is measured is the executor. */
export function benchPorts(host: string, token: string): ToolPorts {
  const connection: ToolConnection = {
    id: makeId('connection', randomBytes(10), Date.now()),
    name: 'default',
    provider: 'gitlab',
    host,
    generation: 1,
    scopes: ['api'],
    implications: gitlab,
  }
  return {
    now: Date.now,
    wait: async () => {},
    placeMemory: createPlaceMemory(),
    findConnection: async () => ({ state: 'active', connection }),
    policy: async () => policy,
    async send(_, { method, path, query }) {
      const url = `${host}${path}${query === '' ? '' : `?${query}`}`
      const answer = await fetch(url, { method, headers: { 'private-token': token } })
      const body = new Uint8Array(await answer.arrayBuffer())
      const { status, headers } = answer
      return { status, headers, body, isCut: false, generation: 1, secrets: [token] }
    },
    examine: async () => ({ state: 'alive' }),
    takePlace: () => 0,
    pause: () => {},
    connectUrl: async () => undefined,
    useApproval: async () => ({ state: 'invalid', reason: 'unknown' }),
    requestApproval: async () => ({ state: 'pending', id: 'none', endsAt: '2026-11-30T00:00:00Z' }),
    begin: async () => 'exe_1',
    end: async () => {},
    refused: async () => {},
  }
}
