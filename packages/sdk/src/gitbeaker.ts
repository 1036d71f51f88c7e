/**
 * The GitLab client `@gitbeaker/rest` with the credential of a user:
 *
 *     import { Gitlab } from '@gitbeaker/rest'
 *     import { gitbeakerOptions } from '@keywell/sdk/gitbeaker'
 *
 *     const gitlab = new Gitlab(await gitbeakerOptions(keywell.forUser({ tenantId, userId }), 'gitlab'))
 *     const projects = await gitlab.Projects.all({ membership: true })
 */
import {
  createRequesterFn,
  type FormattedResponse,
  GitbeakerRequestError,
  type RequesterType,
  type RequestOptions,
  type ResourceOptions,
} from '@gitbeaker/requester-utils'
import { type BridgedConnection, type BridgedUser, connectionOf } from './bridge.ts'
import type { UserQuery } from './user.ts'

/** For the constructor of `Gitlab`, or of one of its resources such as `Projects`. */
export interface GitbeakerOptions {
  readonly host: string
  /** Never sent: each request gets the credential that is valid then. */
  readonly oauthToken: string
  readonly requesterFn: (options: ResourceOptions) => RequesterType
}

/**
 * Options for a client of one connection. Each of its requests goes through `keywell.fetch`: it has a token that
 * is valid then, follows no redirect with it, and is repeated once after a 401. It is not repeated after 429 or
 * 502, as Gitbeaker itself would.
 *
 * @param which the provider, or a query for one of several hosts or connections
 * @throws KeywellError as `getCredential` does, such as `not_connected`
 */
export async function gitbeakerOptions(
  user: BridgedUser,
  which: UserQuery,
): Promise<GitbeakerOptions> {
  const connection = await connectionOf(user, which)
  return {
    host: connection.host,
    oauthToken: 'keywell',
    requesterFn: createRequesterFn(
      async (_, options) => options,
      // What the first function answers, which the types have forgotten.
      (endpoint, options) => send(connection, endpoint, options as RequestOptions),
    ),
  }
}

async function send(
  { fetch }: BridgedConnection,
  endpoint: string,
  { prefixUrl = '', searchParams = '', asStream = false, ...options }: RequestOptions = {},
): Promise<FormattedResponse> {
  const url = new URL(endpoint, prefixUrl.endsWith('/') ? prefixUrl : `${prefixUrl}/`)
  url.search = searchParams
  const { method = 'GET', body, signal = null, headers } = options
  const request = new Request(url, { method, headers: withoutToken(headers) })
  const response = await fetch(url, {
    method,
    signal,
    headers: request.headers,
    ...(body === undefined ? {} : { body }),
  })
  if (!response.ok) throw await errorOf(request, response)
  const { status } = response
  const answer = { status, headers: Object.fromEntries(response.headers) }
  if (asStream) return { ...answer, body: response.body }
  return { ...answer, body: status === 204 ? null : await bodyOf(response) }
}

/** The credential may have a header of another name, so that this one would be left. */
function withoutToken(given: RequestOptions['headers']): Headers {
  const headers = new Headers(given)
  headers.delete('authorization')
  return headers
}

/** By its type, as Gitbeaker's own requester does. */
async function bodyOf(response: Response): Promise<FormattedResponse['body']> {
  const type = typeOf(response)
  if (type === 'application/json') return (await response.json()) as Record<string, unknown> | null
  return type.startsWith('text/') ? response.text() : response.blob()
}

/** `request` in it has no credential. */
async function errorOf(request: Request, response: Response): Promise<GitbeakerRequestError> {
  const text = await response.text()
  const description = typeOf(response) === 'application/json' ? saidIn(text) : text
  return new GitbeakerRequestError(description, { cause: { description, request, response } })
}

function saidIn(text: string): string {
  try {
    const { error, message } = JSON.parse(text)
    const said = error || message || ''
    return typeof said === 'string' ? said : JSON.stringify(said)
  } catch {
    return text
  }
}

function typeOf({ headers }: Response): string {
  return (headers.get('content-type') ?? '').split(';')[0]?.trim() ?? ''
}
