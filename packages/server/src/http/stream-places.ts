import { KeywellError } from '@keywell/protocol'
import { sourceOf } from '../auth/rate-limits.ts'

/** How many event streams may be open at once. Each is a connection of one client. */
export interface StreamLimits {
  /** Of one flow: the page that began it, and some more of its windows. */
  flow: number
  /** Of one connect session, over all its flows. */
  session: number
  /** Of flows, from one address: an office may share one. */
  address: number
  /** Of one API key: an SDK has one for each of its processes. */
  key: number
  /** Of one token of MCP: an agent has one, and may run more than once. */
  mcpToken: number
  /** Of one process of the service, all together. */
  process: number
}

export const defaultStreamLimits: StreamLimits = {
  flow: 4,
  session: 8,
  address: 100,
  key: 2_000,
  mcpToken: 8,
  process: 5_000,
}

/** When a client that was refused may try again, in milliseconds. */
const retryAfterMs = 5_000

/** Gives a place back; a second call does nothing. */
export type Leave = () => void

/** Places for event streams; who finds none is refused before anything is asked of the database. */
export interface StreamPlaces {
  /** @throws KeywellError `rate_limited`, or `unavailable` when the process is full */
  ofFlow(asked: { sessionId: string; flowId: string; address: string | undefined }): Leave
  /** @throws KeywellError the same */
  ofKey(keyId: string): Leave
  /** @throws KeywellError the same */
  ofMcpToken(tokenId: string): Leave
}

export function createStreamPlaces(limits: StreamLimits): StreamPlaces {
  const taken = new Map<string, number>()

  /** A place under each of the names, or none at all. */
  function take(places: readonly (readonly [name: string, limit: number, of: string])[]): Leave {
    for (const [name, limit, of] of [...places, ['process', limits.process, ''] as const]) {
      if ((taken.get(name) ?? 0) < limit) continue
      throw of === '' ? full() : tooMany(of, limit)
    }
    const names = [...places.map(([name]) => name), 'process']
    for (const name of names) taken.set(name, (taken.get(name) ?? 0) + 1)
    let isTaken = true
    return () => {
      if (!isTaken) return
      isTaken = false
      for (const name of names) {
        const left = (taken.get(name) ?? 0) - 1
        if (left > 0) taken.set(name, left)
        else taken.delete(name)
      }
    }
  }

  return {
    ofFlow({ sessionId, flowId, address }) {
      const source = sourceOf(address)
      return take([
        [`flow ${sessionId} ${flowId}`, limits.flow, 'of this flow'],
        [`session ${sessionId}`, limits.session, 'of this connect session'],
        ...(source === undefined
          ? []
          : [[`address ${source}`, limits.address, 'from this address'] as const]),
      ])
    },
    ofKey: (keyId) => take([[`key ${keyId}`, limits.key, 'of this API key']]),
    ofMcpToken: (tokenId) =>
      take([[`mcp token ${tokenId}`, limits.mcpToken, 'of this token of MCP']]),
  }
}

function tooMany(of: string, limit: number): KeywellError {
  return new KeywellError('rate_limited', `${limit} event streams ${of} are open already.`, {
    retryAfterMs,
    nextStep: 'Close one of them, or ask without a stream from time to time.',
  })
}

function full(): KeywellError {
  return new KeywellError('unavailable', 'This process has no place for another event stream.', {
    retryAfterMs,
    nextStep: 'Try again after retryAfterMs, or ask without a stream from time to time.',
  })
}
