import {
  type InstallationMethod,
  type MintedMethod,
  type OAuth2Method,
  Secret,
} from '@keywell/protocol'
import { fulfils, type ProviderAnswer } from '@keywell/providers'
import type { TokenEndpointResponse } from 'oauth4webapi'
import { OutboundError } from '../outbound/outbound.ts'
import { readRetryAfter } from '../outbound/retry-after.ts'
import type { InstallationDetails } from './installation-details.ts'
import { readTokenBody, type TokenBody, type TokenPlaces } from './token-body.ts'
import type { TokenSet } from './token-set.ts'

/** A usable pair. */
export interface Granted {
  kind: 'tokens'
  tokens: TokenSet
  /** Null when the answer does not say. */
  scopes: readonly string[] | null
  expiresInMs: number | null
  /** Of the refresh token; null when the answer does not say. */
  refreshExpiresInMs: number | null
  /** Where the account lives, not checked yet; null when the answer does not say. */
  origin: string | null
  /** What the app may do at its installation. Absent: the answer is of no installation. */
  details?: InstallationDetails | undefined
}

/**
 * Tokens came, and the access token is none that can be sent: of another type, with characters that no
 * header may hold, or missing. At least one of the two is there. Its grant is alive at the provider.
 */
export interface Unusable {
  kind: 'unusable'
  detail: string
  tokens: { readonly accessToken: Secret | null; readonly refreshToken: Secret | null }
  /** It was a success that names its tokens. False: they were found in a failure, or in some text. */
  wellFormed: boolean
}

/**
 * What became of a request to a token endpoint. The difference between `not_processed` and `ambiguous`
 * decides the fate of a single-use refresh token.
 */
export type TokenOutcome =
  | Granted
  | Unusable
  /** We ourselves did not let it go: no turn, or no time left. The provider has nothing to do with it. */
  | { kind: 'not_sent'; detail: string; retryAfterMs: number | null }
  /** Certainly not looked at: the same token may go out again. */
  | { kind: 'not_processed'; detail: string; retryAfterMs: number | null }
  /** It may have been processed, and the answer is lost or unreadable. */
  | { kind: 'ambiguous'; detail: string }
  /** `invalid_grant`. */
  | { kind: 'rejected'; detail: string }
  /** A policy of the provider asks for a new sign-in: the grant stands, and is of no use without it. */
  | { kind: 'sign_in_again'; detail: string }
  /** Not now: the account, or what it was let into, is suspended there, and may come back. Of minting alone. */
  | { kind: 'suspended'; detail: string }
  /** The client itself is refused: a matter of the integration, never of a connection. */
  | { kind: 'client_rejected'; detail: string }
  /** The request was wrong: scope, grant type or parameters. */
  | { kind: 'request_rejected'; detail: string }

/** Checks an answer of status 200 by RFC 6749 section 5.1. */
export type Process = (response: Response) => Promise<TokenEndpointResponse>

/** How a provider answers, as its data says. */
interface TokenEndpoint {
  answer: TokenPlaces
  errors: readonly (OAuth2Method | MintedMethod | InstallationMethod)['token']['errors'][number][]
}

/** Sends, and classifies whatever comes back. The only place that reads a token endpoint's answer. */
export async function classifyTokenAnswer(options: {
  send: () => Promise<Response>
  /** Absent: the answer is not one of OAuth. */
  process?: Process
  /** What the provider's data says of its answers. */
  endpoint: TokenEndpoint
}): Promise<TokenOutcome> {
  let response: Response
  let text: string
  try {
    response = await options.send()
    text = await response.text()
  } catch (error) {
    return classifyFailure(error)
  }
  const answer = readTokenBody(text, options.endpoint.answer)
  if (response.ok && answer.problem === null) return grantedBy(answer, options.process)
  // Whatever its status and its form: a token in it was made, and its grant lives.
  if (answer.accessToken !== null || answer.refreshToken !== null) {
    return unusable(answer, answer.problem ?? `tokens with status ${response.status}`, response.ok)
  }
  const { status, headers } = response
  const detail = detailOf(status, answer)
  const retryAfterMs = readRetryAfter(Object.fromEntries(headers))
  const kind = kindOf({ status, headers, text, body: answer.fields }, answer, options.endpoint)
  return kind === 'not_processed' ? { kind, detail, retryAfterMs } : { kind, detail }
}

function classifyFailure(error: unknown): TokenOutcome {
  if (error instanceof OutboundError) {
    if (error.reason === 'throttled' || (error.reason === 'aborted' && error.notSent)) {
      return { kind: 'not_sent', detail: error.reason, retryAfterMs: error.retryAfterMs ?? null }
    }
    return error.notSent
      ? { kind: 'not_processed', detail: error.reason, retryAfterMs: null }
      : { kind: 'ambiguous', detail: error.reason }
  }
  throw error
}

type Refusal = TokenEndpoint['errors'][number]['is']

/** What an answer without a token means: first by the provider's data, whatever the status, then by OAuth. */
function kindOf(
  answer: ProviderAnswer,
  { error }: TokenBody,
  { errors }: Pick<TokenEndpoint, 'errors'>,
): Refusal {
  const own = errors.find((each) => fulfils(answer, each.if))
  if (own !== undefined) return own.is
  if (answer.status === 429) return 'not_processed'
  // Unknown is not permission to act.
  return (refusingStatuses.includes(answer.status) && meanings.get(error ?? '')) || 'ambiguous'
}

/** Some providers refuse with status 200, and say so in the body alone; some with 403. */
const refusingStatuses: readonly number[] = [200, 400, 401, 403]

/** RFC 6749 section 5.2, and OpenID Connect Core section 3.1.2.6. */
const meanings: ReadonlyMap<string, Refusal> = new Map([
  ['invalid_grant', 'rejected'],
  ['interaction_required', 'sign_in_again'],
  ['invalid_client', 'client_rejected'],
  ['unauthorized_client', 'client_rejected'],
  ['invalid_scope', 'request_rejected'],
  ['invalid_request', 'request_rejected'],
  ['unsupported_grant_type', 'request_rejected'],
])

function detailOf(status: number, { error, problem }: TokenBody): string {
  const isOk = status >= 200 && status < 300
  if (status === 429) return 'status 429'
  return error ?? (isOk && problem !== null ? problem : `status ${status}`)
}

async function grantedBy(answer: TokenBody, process: Process | undefined): Promise<TokenOutcome> {
  const { accessToken, refreshToken, scopes, expiresInMs, refreshExpiresInMs, origin, details } =
    answer
  try {
    // In the form of RFC 6749 section 5.1, without what is optional and was read already.
    const plain = { access_token: accessToken ?? '', token_type: 'Bearer' }
    const { access_token } = process === undefined ? plain : await process(Response.json(plain))
    const tokens = { accessToken: new Secret(access_token), refreshToken: secretOf(refreshToken) }
    return { kind: 'tokens', tokens, scopes, expiresInMs, refreshExpiresInMs, origin, details }
  } catch {
    return unusable(answer, 'an answer that the OAuth library refuses', true)
  }
}

function unusable(answer: TokenBody, detail: string, isSuccess: boolean): Unusable {
  const { accessToken, refreshToken } = answer
  const tokens = { accessToken: secretOf(accessToken), refreshToken: secretOf(refreshToken) }
  return { kind: 'unusable', detail, tokens, wellFormed: isSuccess && answer.wellFormed }
}

const secretOf = (text: string | null) => (text === null ? null : new Secret(text))
