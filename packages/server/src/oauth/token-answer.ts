import { Secret } from '@keywell/protocol'
import type { TokenEndpointResponse } from 'oauth4webapi'
import { OutboundError } from '../outbound/outbound.ts'
import { readRetryAfter } from '../outbound/retry-after.ts'
import type { TokenSet } from './token-set.ts'

/** A usable pair. */
export interface Granted {
  kind: 'tokens'
  tokens: TokenSet
  /** Null when the answer does not say. */
  scopes: readonly string[] | null
  expiresInMs: number | null
}

/**
 * What became of a request to a token endpoint. The difference between the second and the third
 * decides the fate of a single-use refresh token.
 */
export type TokenOutcome =
  | Granted
  /** We ourselves did not let it go: no turn, or no time left. The provider has nothing to do with it. */
  | { kind: 'unsent'; detail: string; retryAfterMs: number | null }
  /** Certainly not looked at: the same token may go out again. */
  | { kind: 'not_processed'; detail: string; retryAfterMs: number | null }
  /** It may have been processed, and the answer is lost or unreadable. */
  | { kind: 'ambiguous'; detail: string }
  /** `invalid_grant`. */
  | { kind: 'rejected'; detail: string }
  /** The client itself is refused: a matter of the integration, never of a connection. */
  | { kind: 'client_refused'; detail: string }
  /** The request was wrong: scope, grant type or parameters. */
  | { kind: 'our_fault'; detail: string }

/** Longest life of an access token that is believed: one year. Longer, and it is taken for that. */
const maxExpiresInSeconds = 365 * 24 * 60 * 60
/** Shortest life that is believed, so that a wrong number never makes a hot loop. */
const minExpiresInSeconds = 1

/** Sends, and classifies whatever comes back. The only place that reads a token endpoint's answer. */
export async function classifyTokenAnswer(options: {
  send: () => Promise<Response>
  /** Checks an answer of status 200 by RFC 6749 section 5.1. */
  process: (response: Response) => Promise<TokenEndpointResponse>
  scopeSeparator: string
}): Promise<TokenOutcome> {
  let response: Response
  let text: string
  try {
    response = await options.send()
    text = await response.text()
  } catch (error) {
    return classifyFailure(error)
  }
  const body = parseObject(text)
  if (response.status === 200) return readTokens(body, options)
  if (response.status === 429) {
    return {
      kind: 'not_processed',
      detail: 'status 429',
      retryAfterMs: readRetryAfter(Object.fromEntries(response.headers)),
    }
  }
  return classifyRefusal(response.status, body?.error)
}

function classifyFailure(error: unknown): TokenOutcome {
  if (error instanceof OutboundError) {
    if (error.reason === 'held_back' || (error.reason === 'aborted' && error.notSent)) {
      return { kind: 'unsent', detail: error.reason, retryAfterMs: error.retryAfterMs ?? null }
    }
    return error.notSent
      ? { kind: 'not_processed', detail: error.reason, retryAfterMs: null }
      : { kind: 'ambiguous', detail: error.reason }
  }
  throw error
}

function classifyRefusal(status: number, error: unknown): TokenOutcome {
  const detail = typeof error === 'string' && /^\w{1,60}$/.test(error) ? error : `status ${status}`
  if (status === 400 || status === 401) {
    switch (error) {
      case 'invalid_grant':
        return { kind: 'rejected', detail }
      case 'invalid_client':
      case 'unauthorized_client':
        return { kind: 'client_refused', detail }
      case 'invalid_scope':
      case 'invalid_request':
      case 'unsupported_grant_type':
        return { kind: 'our_fault', detail }
    }
  }
  // Unknown is not permission to act.
  return { kind: 'ambiguous', detail }
}

async function readTokens(
  body: Record<string, unknown> | undefined,
  options: {
    process: (response: Response) => Promise<TokenEndpointResponse>
    scopeSeparator: string
  },
): Promise<TokenOutcome> {
  if (body === undefined) return { kind: 'ambiguous', detail: 'a 200 that is no JSON object' }
  // A wrong expires_in or id_token must not throw away a pair whose predecessor is dead already:
  // the first is clamped, the second is not used (the account comes from the provider's API).
  const { expires_in: expiresIn, id_token: _unused, ...rest } = body
  let answer: TokenEndpointResponse
  try {
    answer = await options.process(Response.json(rest))
  } catch {
    return { kind: 'ambiguous', detail: 'a 200 without a usable token' }
  }
  const refreshToken = answer.refresh_token
  if (!isHeaderSafe(answer.access_token) || (refreshToken && !isHeaderSafe(refreshToken))) {
    return { kind: 'ambiguous', detail: 'a token with characters that no header may hold' }
  }
  return {
    kind: 'tokens',
    tokens: {
      accessToken: new Secret(answer.access_token),
      refreshToken: refreshToken ? new Secret(refreshToken) : null,
    },
    scopes: answer.scope?.split(options.scopeSeparator).filter((scope) => scope !== '') ?? null,
    expiresInMs: readExpiresIn(expiresIn),
  }
}

/** Null when the answer does not say; then the provider's own default counts, never "for ever". */
function readExpiresIn(value: unknown): number | null {
  const seconds = typeof value === 'string' ? Number.parseFloat(value) : value
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return null
  return Math.min(Math.max(seconds, minExpiresInSeconds), maxExpiresInSeconds) * 1000
}

function isHeaderSafe(token: string): boolean {
  return /^[\x21-\x7e]{1,16384}$/.test(token)
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined
  } catch {
    return undefined
  }
}
