import type { Problem } from '@keywell/protocol'
import { asConnectError, ConnectError } from './error.ts'

/** The browser's globals; tests pass their own. Not read on a server. */
export type BrowserWindow = Window & typeof globalThis
export type Fetch = typeof globalThis.fetch

const callTimeoutMs = 20_000

export interface Call {
  method?: 'GET' | 'POST' | 'DELETE'
  /** Sent as JSON. */
  body?: unknown
  /** A connect token, for calls to the service. The page's cookies are then not sent. */
  token?: string
  accept?: string
  /** Ends the call. Default: a timeout of 20 s. */
  signal?: AbortSignal
}

/** Sends one call. Because its type is JSON, a browser sends it for another site after a preflight only. */
export function send(fetch: Fetch, url: string, options: Call): Promise<Response> {
  const { method = 'GET', body, token, accept = 'application/json', signal } = options
  return fetch(url, {
    method,
    headers: {
      Accept: accept,
      'Content-Type': 'application/json',
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: body ? JSON.stringify(body) : null,
    credentials: token ? 'omit' : 'same-origin',
    signal: signal ?? AbortSignal.timeout(callTimeoutMs),
  })
}

/**
 * One call that returns JSON. The response is not validated: the app's own backend and the service create it
 * from the schemas of these types, and a validator would be larger than the rest of this package.
 *
 * @throws ConnectError
 */
export async function call<Answer>(fetch: Fetch, url: string, options: Call = {}): Promise<Answer> {
  const response = await send(fetch, url, options).catch((thrown) => {
    throw asConnectError(thrown)
  })
  const { ok, status } = response
  // A proxy's error page is not JSON.
  const body = await response.json().catch(() => undefined)
  if (ok && body) return body
  const {
    code = 'unavailable',
    detail = `${url}: ${status}`,
    requestId,
  }: Partial<Problem> = body ?? {}
  const retryable = status > 499 || status === 429 || status === 410
  throw new ConnectError(code, detail, { retryable, requestId })
}
