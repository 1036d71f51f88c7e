import type { ConnectionId, SessionAnswer } from '@keywell/protocol'

/** What `POST {endpoint}/session`, or your own `fetchSession`, is asked for. */
export interface SessionRequest {
  /** The connection to reconnect. */
  connectionId?: ConnectionId | undefined
  /** `fragment` for apps whose session is no cookie. */
  returnMode?: 'query' | 'fragment' | undefined
}

export type FetchSession = (request: SessionRequest) => Promise<SessionAnswer>

type GetSession = (connectionId: ConnectionId | undefined) => Promise<SessionAnswer>

/**
 * How long a session that was fetched ahead is good, in milliseconds from its request. A session lives
 * ten minutes and has to outlast its flow. Age is counted here: the clocks of browsers are wrong.
 */
const aheadMs = 2 * 60_000

/**
 * Connect sessions, by the connection that they reconnect. One is fetched ahead at a hint of a click, once
 * however many hints there are; each attempt takes one, and nobody gets that one again.
 */
export interface Sessions {
  readonly prepare: GetSession
  readonly take: GetSession
}

export function createSessions(fetchSession: GetSession): Sessions {
  const ahead = new Map<
    ConnectionId | undefined,
    { answer: Promise<SessionAnswer>; until: number }
  >()

  const prepare: GetSession = (connectionId) => {
    const held = ahead.get(connectionId)
    if (held && performance.now() < held.until) return held.answer
    const answer = fetchSession(connectionId)
    ahead.set(connectionId, { answer, until: performance.now() + aheadMs })
    // One that failed is not kept: the click asks again, and shows what is wrong.
    answer.catch(() => ahead.delete(connectionId))
    return answer
  }

  return {
    prepare,
    take(connectionId) {
      const answer = prepare(connectionId)
      ahead.delete(connectionId)
      return answer
    },
  }
}
