import {
  type ConfirmAnswer,
  type CreateLink,
  type CreateSession,
  type LinkAnswer,
  type RevokedSession,
  routes,
  type SessionAnswer,
} from '@keywell/protocol'
import { type CacheChange, cacheChangeOf } from './cache/cache-change.ts'
import { Device } from './device.ts'
import type { CallOptions, Service } from './service.ts'

/** Which flow to confirm, with the ticket that the browser brought, and who is signed in there. */
export interface ConfirmFlow {
  readonly sessionId: string
  readonly flowId: string
  readonly ticket: string
  readonly tenantId: string
  readonly userId: string
}

/** The code that a user gave back after a link with `confirmBy: 'code'`, and who gave it. */
export interface ConfirmByCode {
  readonly sessionId: string
  readonly code: string
  readonly tenantId: string
  readonly userId: string
}

/** The backend's calls of a connect. `connectHandler` makes sessions and confirms for you. */
export class Connect {
  /** Without a browser: a person types a code at the provider. */
  readonly device: Device
  readonly #service: Service
  readonly #notify: (change: CacheChange) => void

  /**
   * @param notify called with a change that an answer shows, before the change stream brings it
   * @param requestTimeoutMs of one call
   */
  constructor(service: Service, notify: (change: CacheChange) => void, requestTimeoutMs: number) {
    this.device = new Device(service, notify, requestTimeoutMs)
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
   * An address where one user can connect, on a page of the service: for a chat bot, an e-mail, a terminal, an agent.
   * It is a secret for this user, can be opened for an hour by default, and begins one connect. Opening it
   * changes nothing.
   */
  async createLink(link: CreateLink, options?: CallOptions): Promise<LinkAnswer> {
    return this.#service.request(
      routes.sessions.createLink,
      'connect.createLink',
      { body: link },
      options,
    )
  }

  /** Ends a session: its link and its connect token open nothing any more, and what is under way is cancelled. */
  async revokeSession(
    session: { readonly sessionId: string; readonly tenantId: string },
    options?: CallOptions,
  ): Promise<RevokedSession> {
    return this.#service.request(
      routes.sessions.revoke,
      'connect.revokeSession',
      { params: session, query: session },
      options,
    )
  }

  /**
   * Ends a flow for the user who is signed in at the app, in the browser that brought the ticket.
   * Anyone else's id makes the service destroy the code: never take the ids from the browser.
   *
   * After a link with `confirmBy: 'code'`: for the user who gave the code, in the channel where the link was asked for.
   * Throws `code_refused` for a wrong one; the fifth ends the flow.
   */
  async confirm(flow: ConfirmFlow | ConfirmByCode, options?: CallOptions): Promise<ConfirmAnswer> {
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
