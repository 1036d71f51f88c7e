/**
 * Axios with the credential of a user:
 *
 *     import axios from 'axios'
 *     import { axiosOptions } from '@keywell/sdk/axios'
 *
 *     const gitlab = axios.create(await axiosOptions(keywell.forUser({ tenantId, userId }), 'gitlab'))
 *     const { data } = await gitlab.get('/api/v4/projects')
 */
import { type BridgedConnection, type BridgedUser, connectionOf } from './bridge.ts'
import type { UserQuery } from './user.ts'

/** For `axios.create`. */
export interface AxiosOptions {
  readonly baseURL: string
  /** The one that can be given a `fetch`. */
  readonly adapter: 'fetch'
  readonly env: { readonly fetch: BridgedConnection['fetch'] }
}

/**
 * Options for a client of one connection, of Axios 1.12 or later. Each of its requests goes through
 * `keywell.fetch`: it has a token that is valid then, follows no redirect with it, and is repeated once after a
 * 401. Proxy, agents and other options of Axios' adapter for Node have no effect.
 *
 * @param which the provider, or a query for one of several hosts or connections
 * @throws KeywellError as `getCredential` does, such as `not_connected`
 */
export async function axiosOptions(user: BridgedUser, which: UserQuery): Promise<AxiosOptions> {
  const { host, fetch } = await connectionOf(user, which)
  // Without a Request, which would make a stream of each body: such a one cannot be sent twice.
  const env = { fetch, Request: null }
  return { baseURL: host, adapter: 'fetch', env }
}
