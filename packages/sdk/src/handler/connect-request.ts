import type { UserId } from '../changes/user-changes.ts'
import type { Connect } from '../connect.ts'
import type { Connections } from '../connections.ts'
import type { Approvals } from '../tools/approvals.ts'
import type { AppOrigins } from './app-origins.ts'
import type { SignedIn } from './signed-in.ts'

export interface ConnectHandlerParts {
  readonly connect: Connect
  readonly connections: Connections
  readonly approvals: Pick<Approvals, 'createLink'>
  /** Of all users; `origin` of one replaces it. */
  readonly appOrigins: AppOrigins
  /**
   * Calls `wake` whenever a connection of the user may have changed. Undefined where nothing outlives a request.
   *
   * @returns a function that ends it
   * @throws KeywellError `rate_limited`
   */
  readonly follow: ((user: UserId, wake: () => void) => () => void) | undefined
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
