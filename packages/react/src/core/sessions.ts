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

/** Where a page gets its connect sessions, and those that it has fetched ahead, by what they reconnect. */
export interface SessionSource {
  readonly fetchSession: GetSession
  readonly prefetched: Map<
    ConnectionId | undefined,
    { readonly answer: Promise<SessionAnswer>; readonly until: number }
  >
}

/** Fetches a session ahead of a click, once. */
export function prepareSession(
  { fetchSession, prefetched }: SessionSource,
  connectionId: ConnectionId | undefined,
): Promise<SessionAnswer> {
  const kept = prefetched.get(connectionId)
  if (kept && performance.now() < kept.until) return kept.answer
  const answer = fetchSession(connectionId)
  prefetched.set(connectionId, { answer, until: performance.now() + prefetchMs })
  // A failed one is not kept: the click requests another, and shows the error.
  answer.catch(() => prefetched.delete(connectionId))
  return answer
}

/** The session that was fetched ahead, or a new one, for one attempt only. */
export function takeSession(
  source: SessionSource,
  connectionId: ConnectionId | undefined,
): Promise<SessionAnswer> {
  const answer = prepareSession(source, connectionId)
  source.prefetched.delete(connectionId)
  return answer
}
