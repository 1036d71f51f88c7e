import type { Connect } from '../connect.ts'
import type { Connections } from '../connections.ts'
import type { AppOrigins } from './app-origins.ts'
import type { SignedIn } from './signed-in.ts'

export interface ConnectHandlerParts {
  readonly connect: Connect
  readonly connections: Connections
  /** Of all users; `origin` of one replaces it. */
  readonly appOrigins: AppOrigins
}

/** A request to the handler, with everything that its routes need. */
export interface ConnectRequest {
  readonly parts: ConnectHandlerParts
  readonly request: Request
  readonly who: SignedIn
  /** Its path and its query count; its origin is what the client claims. */
  readonly url: URL
  readonly app: AppOrigins
}
