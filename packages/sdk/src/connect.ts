import {
  type ConfirmAnswer,
  type CreateSession,
  routes,
  type SessionAnswer,
} from '@keywell/protocol'
import { type CacheChange, cacheChangeOf } from './cache/cache-change.ts'
import type { CallOptions, Service } from './service.ts'

/** Which flow to confirm, with the ticket that the browser brought, and who is signed in there. */
export interface ConfirmFlow {
  readonly sessionId: string
  readonly flowId: string
  readonly ticket: string
  readonly tenantId: string
  readonly userId: string
}

/** The backend's two calls of a connect; `connectHandler` makes both for you. */
export class Connect {
  readonly #service: Service
  readonly #notify: (change: CacheChange) => void

  /** @param notify called with a change that an answer shows, before the change stream brings it */
  constructor(service: Service, notify: (change: CacheChange) => void) {
    this.#service = service
    this.#notify = notify
  }

  /** A permit for one browser, ten minutes long. Only `connectToken` goes to the browser. */
  async createSession(session: CreateSession, options?: CallOptions): Promise<SessionAnswer> {
    return this.#service.request(
      routes.sessions.create,
      'connect.createSession',
      { body: session },
      options,
    )
  }

  /**
   * Ends a flow for the user who is signed in at the app, in the browser that brought the ticket.
   * Anyone else's id makes the service destroy the code: never take the ids from the browser.
   */
  async confirm(flow: ConfirmFlow, options?: CallOptions): Promise<ConfirmAnswer> {
    const answer = await this.#service.request(
      routes.sessions.confirm,
      'connect.confirm',
      { params: flow, body: flow },
      options,
    )
    if (answer.connection !== null) this.#notify(cacheChangeOf('connected', answer.connection))
    return answer
  }
}
