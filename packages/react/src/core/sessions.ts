import type { ConnectionId, SessionAnswer } from '@keywell/protocol'

/** Body of `POST {endpoint}/session`, and argument of your own `fetchSession`. */
export interface SessionRequest {
  /** The connection to reconnect. */
  connectionId?: ConnectionId | undefined
  /** `fragment` for apps whose session is no cookie. */
  returnMode?: 'query' | 'fragment' | undefined
}

export type FetchSession = (request: SessionRequest) => Promise<SessionAnswer>

type GetSession = (connectionId: ConnectionId | undefined) => Promise<SessionAnswer>

/**
 * How long a prefetched session is used, in milliseconds from its request. A session is valid for ten minutes
 * and has to outlast its flow. Counted here, since the clocks of browsers are often wrong.
 */
const prefetchMs = 2 * 60_000

/**
 * Connect sessions, by the connection that they reconnect. `prepare` fetches one ahead of the click, once;
 * `take` returns it, or a new one, for one attempt only.
 */
export interface Sessions {
  readonly prepare: GetSession
  readonly take: GetSession
}

export function createSessions(fetchSession: GetSession): Sessions {
  const prefetched = new Map<
    ConnectionId | undefined,
    { answer: Promise<SessionAnswer>; until: number }
  >()

  const prepare: GetSession = (connectionId) => {
    const kept = prefetched.get(connectionId)
    if (kept && performance.now() < kept.until) return kept.answer
    const answer = fetchSession(connectionId)
    prefetched.set(connectionId, { answer, until: performance.now() + prefetchMs })
    // A failed one is not kept: the click requests another, and shows the error.
    answer.catch(() => prefetched.delete(connectionId))
    return answer
  }

  return {
    prepare,
    take(connectionId) {
      const answer = prepare(connectionId)
      prefetched.delete(connectionId)
      return answer
    },
  }
}
