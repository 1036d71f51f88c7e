import type { ConnectionId, SessionAnswer } from '@keywell/protocol'
import type { Browser } from './call.ts'

/** What `POST {endpoint}/session`, or your own `fetchSession`, is asked for. */
export interface SessionRequest {
  /** The connection to mend. */
  connectionId?: ConnectionId | undefined
  /** `fragment` for apps whose session is no cookie. */
  returnMode?: 'query' | 'fragment' | undefined
}

/**
 * How long a session is reused, in milliseconds from its arrival. A session lives ten minutes and has
 * to outlast the flow that begins in it. Age is counted here: the clocks of browsers are wrong.
 */
const reuseMs = 2 * 60_000

interface Held {
  readonly answer: Promise<SessionAnswer>
  readonly since: number
}

/**
 * Connect sessions by the connection that they mend: one request at a time for each, so that a hover,
 * a focus and a click (or StrictMode's second mount) share one.
 */
export class Sessions {
  readonly #held = new Map<string, Held>()
  readonly #fetchSession: (request: SessionRequest) => Promise<SessionAnswer>
  readonly #browser: Browser

  constructor(browser: Browser, fetchSession: (request: SessionRequest) => Promise<SessionAnswer>) {
    this.#browser = browser
    this.#fetchSession = fetchSession
  }

  /** A young session, or a new one. A failed one is not kept. */
  get(request: SessionRequest): Promise<SessionAnswer> {
    const key = request.connectionId ?? ''
    const now = this.#browser.window().performance.now()
    const held = this.#held.get(key)
    if (held !== undefined && now - held.since < reuseMs) return held.answer
    const answer = this.#fetchSession(request)
    this.#held.set(key, { answer, since: now })
    answer.catch(() => this.drop(request, answer))
    return answer
  }

  /** Forgets a session that the service refused. */
  drop(request: SessionRequest, answer: Promise<SessionAnswer>): void {
    const key = request.connectionId ?? ''
    if (this.#held.get(key)?.answer === answer) this.#held.delete(key)
  }
}
