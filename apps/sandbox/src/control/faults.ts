import { z } from 'zod'
import { challenge, errorSentences, type OAuthErrorCode } from '../oauth/errors.ts'

/** Where a fault can be injected. `rest` is everything below `/api/v4`. */
export type Endpoint =
  | 'authorize'
  | 'token'
  | 'revoke'
  | 'introspect'
  | 'token_info'
  | 'userinfo'
  | 'rest'

/**
 * What goes wrong. With `after`, the request is really worked on first: a refresh has rotated by the
 * time its answer is lost.
 */
export type Effect =
  | { kind: 'delay'; ms: number; after?: boolean }
  | { kind: 'drop'; after?: boolean }
  | {
      kind: 'respond'
      status: number
      body: string
      headers?: Record<string, string>
      after?: boolean
    }
  /** Changes fields of a JSON answer that was a success. Default status: 200. */
  | { kind: 'patch'; set?: Record<string, unknown>; omit?: string[]; status?: number }
  /** Puts fields of a JSON answer that was a success into another text: `access_token={access_token}`. */
  | { kind: 'rewrite'; body: string; status?: number; headers?: Record<string, string> }

export interface FaultInput {
  endpoint: Endpoint
  effect: Effect
  /** How many calls it affects. Default: all. */
  times?: number
  /** The share of the calls that it affects, 0 to 1. Default: 1. */
  ratio?: number
  /** Narrows it to calls of the token endpoint with this grant type. */
  grantType?: string
  /** Narrows it to calls for one grant, by refresh or access token. */
  grantId?: string
  /** Narrows it to calls of one application. */
  clientId?: string
  /** Narrows it to paths that begin so, relative root not counted: `/api/v4/projects`. */
  pathPrefix?: string
}

export interface Fault extends FaultInput {
  id: number
  /** How often it has struck. */
  struck: number
}

/** What is known of a call when a fault is looked for. */
export interface Call {
  endpoint: Endpoint
  path: string
  grantType?: string | undefined
  grantId?: string | undefined
  clientId?: string | undefined
}

/** A longer delay is refused by Node's timers. */
const maxDelayMs = 2 ** 31 - 1

const effectSchema: z.ZodType<Effect> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('delay'),
    ms: z.number().min(0).max(maxDelayMs),
    after: z.boolean().exactOptional(),
  }),
  z.strictObject({ kind: z.literal('drop'), after: z.boolean().exactOptional() }),
  z.strictObject({
    kind: z.literal('respond'),
    status: z.int().min(200).max(599),
    body: z.string(),
    headers: z.record(z.string(), z.string()).exactOptional(),
    after: z.boolean().exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('patch'),
    set: z.record(z.string(), z.unknown()).exactOptional(),
    omit: z.array(z.string()).exactOptional(),
    status: z.int().min(200).max(599).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('rewrite'),
    body: z.string(),
    status: z.int().min(200).max(599).exactOptional(),
    headers: z.record(z.string(), z.string()).exactOptional(),
  }),
])

export const faultInputSchema: z.ZodType<FaultInput> = z.strictObject({
  endpoint: z.enum([
    'authorize',
    'token',
    'revoke',
    'introspect',
    'token_info',
    'userinfo',
    'rest',
  ]),
  effect: effectSchema,
  times: z.int().positive().exactOptional(),
  ratio: z.number().min(0).max(1).exactOptional(),
  grantType: z.string().exactOptional(),
  grantId: z.string().exactOptional(),
  clientId: z.string().exactOptional(),
  pathPrefix: z.string().exactOptional(),
})

/** The faults that are set, in the order they were set. All that match a call apply. */
export class Faults {
  readonly #random: () => number
  #faults: Fault[] = []
  #lastId = 0

  constructor(random: () => number) {
    this.#random = random
  }

  add(input: FaultInput): Fault {
    this.#lastId += 1
    const fault = { ...input, id: this.#lastId, struck: 0 }
    this.#faults.push(fault)
    return { ...fault }
  }

  list(): Fault[] {
    return structuredClone(this.#faults)
  }

  remove(id: number): boolean {
    const before = this.#faults.length
    this.#faults = this.#faults.filter((fault) => fault.id !== id)
    return this.#faults.length < before
  }

  clear(): void {
    this.#faults = []
  }

  /** The effects on this call. Counts each of them as used. */
  take(call: Call): Effect[] {
    const striking = this.#faults.filter((fault) => matches(fault, call) && this.#decides(fault))
    for (const fault of striking) fault.struck += 1
    return striking.map((fault) => fault.effect)
  }

  #decides({ times, struck, ratio }: Fault): boolean {
    if (times !== undefined && struck >= times) return false
    return ratio === undefined || this.#random() < ratio
  }
}

function matches(fault: FaultInput, call: Call): boolean {
  return (
    fault.endpoint === call.endpoint &&
    (fault.grantType === undefined || fault.grantType === call.grantType) &&
    (fault.grantId === undefined || fault.grantId === call.grantId) &&
    (fault.clientId === undefined || fault.clientId === call.clientId) &&
    (fault.pathPrefix === undefined || call.path.startsWith(fault.pathPrefix))
  )
}

const json = { 'content-type': 'application/json' }
const refresh = { endpoint: 'token', grantType: 'refresh_token' } as const

/**
 * The faults that tests want most; add `times`, `ratio`, `grantId` and so on by spreading:
 * `control.addFault({ ...faults.falseInvalidGrant(), times: 1 })`.
 */
export const faults = {
  /** The pair is rotated, the answer never arrives. */
  dropAfterRotation: (): FaultInput => ({ ...refresh, effect: { kind: 'drop', after: true } }),
  /** The connection is cut before anything happened. */
  dropBeforeRotation: (): FaultInput => ({ ...refresh, effect: { kind: 'drop' } }),
  /** 502 with HTML, as a proxy in front would say it; `rotated` says whether the work was done. */
  badGateway: ({ rotated }: { rotated: boolean }): FaultInput => ({
    ...refresh,
    effect: {
      kind: 'respond',
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<html><body><h1>502 Bad Gateway</h1></body></html>',
      after: rotated,
    },
  }),
  /** The answer comes late; the work is done at once. */
  slowAnswer: (ms: number): FaultInput => ({
    ...refresh,
    effect: { kind: 'delay', ms, after: true },
  }),
  /** The work itself begins late. */
  slowStart: (ms: number): FaultInput => ({ ...refresh, effect: { kind: 'delay', ms } }),
  /** Says `invalid_grant` although the refresh token is good; nothing is rotated. */
  falseInvalidGrant: (): FaultInput => tokenError(400, 'invalid_grant'),
  invalidScope: (): FaultInput => tokenError(400, 'invalid_scope'),
  invalidClient: (): FaultInput => tokenError(401, 'invalid_client'),
  /** 429; without an argument there is no Retry-After. */
  rateLimited: (retryAfter?: number | string): FaultInput => ({
    ...refresh,
    effect: {
      kind: 'respond',
      status: 429,
      headers: {
        'content-type': 'text/plain',
        ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      },
      body: 'Retry later\n',
    },
  }),
  /** 200 with a page instead of JSON; the pair is rotated. */
  htmlAnswer: (): FaultInput => ({
    ...refresh,
    effect: {
      kind: 'respond',
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html><body>Please wait</body></html>',
      after: true,
    },
  }),
  /** 200 with a JSON array; the pair is rotated. */
  arrayAnswer: (): FaultInput => ({
    ...refresh,
    effect: { kind: 'respond', status: 200, headers: json, body: '[]', after: true },
  }),
  /** A real answer with these fields changed: `answerWith({ expires_in: 'text' })`. */
  answerWith: (set: Record<string, unknown>): FaultInput => ({
    ...refresh,
    effect: { kind: 'patch', set },
  }),
  /** A real answer without these fields: `answerWithout('refresh_token')`. */
  answerWithout: (...omit: string[]): FaultInput => ({
    ...refresh,
    effect: { kind: 'patch', omit },
  }),
  /** The API answers 401 to a good token, the way it does for a merge one may not make. */
  restUnauthorized: (): FaultInput => ({
    endpoint: 'rest',
    effect: { kind: 'respond', status: 401, headers: json, body: '{"message":"401 Unauthorized"}' },
  }),
  restFailure: (status = 503): FaultInput => ({
    endpoint: 'rest',
    effect: {
      kind: 'respond',
      status,
      headers: json,
      body: JSON.stringify({ message: `${status} Failure` }),
    },
  }),
}

/** Looks like the real refusal, to the letter. */
function tokenError(status: number, error: OAuthErrorCode): FaultInput {
  const headers = { ...json, 'www-authenticate': challenge(error) }
  const body = JSON.stringify({ error, error_description: errorSentences[error] })
  return { ...refresh, effect: { kind: 'respond', status, headers, body } }
}
