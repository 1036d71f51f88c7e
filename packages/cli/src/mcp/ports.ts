/** What an execution needs, of a server with one credential and no database. */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type ConnectionId, makeId } from '@keywell/protocol'
import {
  createPlaceMemory,
  createRateLimit,
  type ToolConnection,
  type ToolPolicy,
  type ToolPorts,
} from '@keywell/tools'
import type { Credential } from './credential.ts'
import type { Health } from './health.ts'
import type { Instance } from './instance.ts'
import type { Log } from './log.ts'
import type { Place } from './place.ts'
import { sendAsUser } from './send.ts'

export interface PortParts {
  readonly place: Place
  readonly instance: Instance
  readonly credential: Credential
  readonly policy: ToolPolicy
  readonly log: Log
  /** Of the credential, as the provider said at the start. Undefined: it did not. */
  readonly scopes: readonly string[] | undefined
  /** Whether the credential is alive. */
  health(): Promise<Health>
  now(): number
}

export function createPorts(parts: PortParts): ToolPorts {
  const { place, policy, credential, log, now } = parts
  const { provider, host } = place
  const limit = createRateLimit(now)
  const connection: Omit<ToolConnection, 'generation'> = {
    id: connectionId(),
    name: 'default',
    provider: provider.name,
    host,
    scopes: parts.scopes,
    implications: provider,
  }
  return {
    now,
    wait: async (ms) => {
      await wait(ms)
    },
    placeMemory: createPlaceMemory(),
    async findConnection(name) {
      if (name !== provider.name) return { state: 'not_connected', names: [] }
      const { generation } = await credential.token()
      return { state: 'active', connection: { ...connection, generation } }
    },
    policy: async () => policy,
    send: (_, request) => sendAsUser(parts, request),
    examine: (_, generation) => examine(parts, generation),
    takePlace: ({ id }, { rateLimit }) => limit.takePlace(id, rateLimit),
    pause: ({ id }, ms) => limit.pause(id, ms),
    connectUrl: async () => undefined,
    useApproval: async () => ({ state: 'invalid', reason: 'unknown' }),
    requestApproval: async () => {
      throw new Error('invariant: the policy asks for no approval')
    },
    begin: async () => randomUUID(),
    async end(executionId, { tool }, { result, requests, providerMs }) {
      log.info('tool called', { tool: tool.name, result, executionId, requests, providerMs })
    },
    async refused(tool, { result }) {
      log.info('tool refused', { tool: typeof tool === 'string' ? tool : tool.name, result })
    },
  }
}

/** It names the window of the rate limit, and nothing else. */
function connectionId(): ConnectionId {
  return makeId('connection', randomBytes(10), Date.now())
}

/** A 401 of a good token refused rights; client credentials are asked for another one first. */
async function examine(
  { credential, health }: PortParts,
  generation: number,
): ReturnType<ToolPorts['examine']> {
  if (await credential.renew(generation)) return { state: 'renewed' }
  const { status } = await health()
  if (status === 'active') return { state: 'alive' }
  return { state: status === 'inactive' ? 'invalid' : 'unknown' }
}
