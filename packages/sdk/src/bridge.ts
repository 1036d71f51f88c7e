import type { CredentialQuery } from './cache/query.ts'
import type { KeywellUser, UserQuery } from './user.ts'

/** What the bridges need of a user. */
export type BridgedUser = Pick<
  KeywellUser,
  'query' | 'getCredential' | 'getNewerCredential' | 'fetch'
>

/** One connection, as the clients of its API see it. */
export interface BridgedConnection {
  /** Base URL of the instance, relative root included, without a slash at the end. */
  readonly host: string
  /** Names this connection on this host. */
  readonly query: Omit<CredentialQuery, 'tenantId' | 'userId'>
  /**
   * `fetch` with the credential, for URLs below the host. Any other is refused, and so is the way of the
   * credential over a redirect: see `Keywell.fetch`.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
}

/**
 * The connection that is there now. It stays with its host: where the user connects another one meanwhile, its
 * credential is not sent to the first.
 *
 * @throws KeywellError as `getCredential` does, such as `not_connected`
 */
export async function connectionOf(
  user: BridgedUser,
  which: UserQuery,
): Promise<BridgedConnection> {
  const { host } = await user.getCredential(which)
  const query = { ...user.query(which), host }
  return {
    host,
    query,
    fetch: (input, init) =>
      input instanceof Request
        ? user.fetch(query, input.url, partsOf(new Request(input, init)))
        : user.fetch(query, String(input), init),
  }
}

function partsOf(request: Request): RequestInit {
  const { method, headers, body, redirect, signal } = request
  const init: RequestInit & { duplex: 'half' } = {
    method,
    headers,
    redirect,
    signal,
    duplex: 'half',
  }
  return body === null ? init : { ...init, body }
}
