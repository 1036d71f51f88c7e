/**
 * Octokit with the credential of a user:
 *
 *     import { Octokit } from '@octokit/core'
 *     import { octokitOptions } from '@keywell/sdk/octokit'
 *
 *     const octokit = new Octokit(await octokitOptions(keywell.forUser({ tenantId, userId }), 'github'))
 *     const { data } = await octokit.request('GET /user')
 */
import { type BridgedConnection, type BridgedUser, connectionOf } from './bridge.ts'
import type { UserQuery } from './user.ts'

/** For the constructor of `Octokit`. Pass no `auth` beside it. */
export interface OctokitOptions {
  readonly baseUrl: string
  readonly request: { readonly fetch: BridgedConnection['fetch'] }
}

/**
 * Options for a client of one connection. Each of its requests goes through `keywell.fetch`: it has a token that
 * is valid then, follows no redirect with it, and is repeated once after a 401.
 *
 * @param which the provider, or a query for one of several hosts or connections
 * @param options.apiPath where the API is below the host. Default: `/api/v3`, as on GitHub Enterprise Server
 * @throws KeywellError as `getCredential` does, such as `not_connected`
 */
export async function octokitOptions(
  user: BridgedUser,
  which: UserQuery,
  { apiPath = '/api/v3' }: { readonly apiPath?: string } = {},
): Promise<OctokitOptions> {
  const { host, fetch } = await connectionOf(user, which)
  return { baseUrl: host + apiPath, request: { fetch } }
}
