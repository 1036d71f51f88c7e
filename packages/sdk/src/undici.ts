/**
 * Undici with the credential of a user:
 *
 *     import { Agent, request } from 'undici'
 *     import { keywellInterceptor } from '@keywell/sdk/undici'
 *
 *     const user = keywell.forUser({ tenantId, userId })
 *     const dispatcher = new Agent().compose(keywellInterceptor(user, 'gitlab'))
 *     const { body } = await request('https://gitlab.com/api/v4/projects', { dispatcher })
 */
import { KeywellError } from '@keywell/protocol'
import type { Dispatcher } from 'undici'
import type { BridgedUser } from './bridge.ts'
import type { Credential } from './credential.ts'
import { isBelow, newerThan, report } from './provider-fetch.ts'
import type { UserQuery } from './user.ts'

type Options = Dispatcher.DispatchOptions
type Handler = Dispatcher.DispatchHandler
type Controller = Dispatcher.DispatchController

/** Bytes of a 401 that wait for a newer credential; a longer one is passed on as it comes. */
const maxHeldBytes = 65_536

/**
 * An interceptor, of Undici 7 or later, that adds the credential to requests below the connection's host, relative
 * root included. A request to anywhere else is refused with `invalid_request`. After a 401 a request is repeated
 * once with a newer credential, if its body can be sent again.
 *
 * It follows no redirect, and lets no interceptor below it follow one with the credential. Composed after it,
 * `interceptors.redirect()` follows those that stay below the host.
 *
 * @param which the provider, or a query for one of several hosts or connections
 */
export function keywellInterceptor(
  user: BridgedUser,
  which: UserQuery,
): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => {
    const exchange = new Exchange(dispatch, user, which, options, handler)
    exchange.begin().catch((error: unknown) => exchange.fail(error))
    return true
  }
}

/** What a first 401 said, until it is known whether it is the answer. */
interface Held {
  readonly start: Parameters<NonNullable<Handler['onResponseStart']>>
  readonly chunks: Buffer[]
  bytes: number
}

/** One request, with the one that may follow a 401. */
class Exchange implements Handler {
  readonly #dispatch: Dispatcher['dispatch']
  readonly #user: BridgedUser
  readonly #which: UserQuery
  readonly #options: Options
  readonly #handler: Handler
  #used: Credential | undefined
  #isSecond = false
  #held: Held | undefined

  constructor(
    dispatch: Dispatcher['dispatch'],
    user: BridgedUser,
    which: UserQuery,
    options: Options,
    handler: Handler,
  ) {
    this.#dispatch = dispatch
    this.#user = user
    this.#which = which
    this.#options = options
    this.#handler = handler
  }

  async begin(): Promise<void> {
    this.#send(await this.#user.getCredential(this.#which))
  }

  fail(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error))
    // Undici's own interceptors pass none, either, where nothing was dispatched.
    this.#handler.onResponseError?.(null as unknown as Controller, failure)
  }

  #send(credential: Credential): void {
    this.#used = credential
    this.#dispatch(withCredential(this.#options, credential), this)
  }

  onRequestStart(...args: Parameters<NonNullable<Handler['onRequestStart']>>): void {
    this.#handler.onRequestStart?.(...args)
  }

  onRequestUpgrade(...args: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    this.#handler.onRequestUpgrade?.(...args)
  }

  onResponseStart(...start: Held['start']): void {
    const [, status] = start
    if (status === 401 && this.#used !== undefined) {
      if (!this.#isSecond && isReplayable(this.#options.body)) {
        this.#held = { start, chunks: [], bytes: 0 }
        return
      }
      report(this.#parts(), this.#used)
    }
    this.#handler.onResponseStart?.(...start)
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    const held = this.#held
    if (held === undefined) {
      this.#handler.onResponseData?.(controller, chunk)
      return
    }
    held.chunks.push(chunk)
    held.bytes += chunk.length
    if (held.bytes <= maxHeldBytes) return
    if (this.#used !== undefined) report(this.#parts(), this.#used)
    this.#passOn(held)
  }

  onResponseEnd(...end: Parameters<NonNullable<Handler['onResponseEnd']>>): void {
    const held = this.#held
    if (held === undefined) {
      this.#handler.onResponseEnd?.(...end)
      return
    }
    this.#again(held, end).catch((error: unknown) => this.fail(error))
  }

  onResponseError(...args: Parameters<NonNullable<Handler['onResponseError']>>): void {
    this.#handler.onResponseError?.(...args)
  }

  async #again(held: Held, end: Parameters<NonNullable<Handler['onResponseEnd']>>): Promise<void> {
    const used = this.#used
    const newer = used && (await newerThan(this.#parts(), used))
    if (newer !== undefined) {
      this.#held = undefined
      this.#isSecond = true
      this.#send(newer)
      return
    }
    this.#passOn(held)
    this.#handler.onResponseEnd?.(...end)
  }

  #passOn({ start, chunks }: Held): void {
    this.#held = undefined
    this.#handler.onResponseStart?.(...start)
    for (const chunk of chunks) this.#handler.onResponseData?.(start[0], chunk)
  }

  #parts(): { getNewer: (refused: Credential) => Promise<Credential> } {
    return { getNewer: (refused) => this.#user.getNewerCredential(this.#which, refused) }
  }
}

/** @throws KeywellError for a request to anywhere but below the credential's host */
function withCredential(options: Options, { host, headers: secrets }: Credential): Options {
  const { origin = '', path } = options
  const url = URL.canParse(path, String(origin)) ? new URL(path, origin) : undefined
  if (url === undefined || options.method === 'CONNECT' || !isBelow(host, url)) {
    throw new KeywellError(
      'invalid_request',
      `keywellInterceptor: the request must be to a URL below ${host}.`,
    )
  }
  // As it was compared: a path that steps up and down again is not sent as it is written.
  const place = { origin: url.origin, path: url.pathname + url.search }
  const headers = withHeaders(options.headers, secrets)
  const noRedirects = { maxRedirections: 0 }
  return { ...options, ...place, ...noRedirects, headers }
}

/** Headers in whichever form Undici takes them, with some replaced; as names and values in turn. */
function withHeaders(given: Options['headers'], secrets: Credential['headers']): string[] {
  const replaced = new Set(secrets.map(({ name }) => name.toLowerCase()))
  const kept = pairsOf(given).filter(([name]) => !replaced.has(name.toLowerCase()))
  return [...kept, ...secrets.map(({ name, value }) => [name, value])].flat()
}

function pairsOf(headers: Options['headers']): [string, string][] {
  if (headers === null || headers === undefined) return []
  const pairs: [string, string][] = []
  if (isFlat(headers)) {
    for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i] ?? '', headers[i + 1] ?? ''])
    return pairs
  }
  const given = Symbol.iterator in headers ? headers : Object.entries(headers)
  for (const [name, value] of given) {
    for (const one of [value ?? []].flat()) pairs.push([name, one])
  }
  return pairs
}

function isFlat(headers: NonNullable<Options['headers']>): headers is string[] {
  return Array.isArray(headers) && typeof headers[0] !== 'object'
}

/** A stream, and whatever is read only once, is not. */
function isReplayable(body: Options['body']): boolean {
  return (
    body === undefined ||
    body === null ||
    typeof body === 'string' ||
    body instanceof Uint8Array ||
    body instanceof FormData
  )
}
