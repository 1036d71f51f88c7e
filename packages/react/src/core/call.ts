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
  /** A connect token, for calls to the service. The cookies of the page then stay at home. */
  token?: string
  accept?: string
  /** Ends the call. Default: after 20 s. */
  signal?: AbortSignal
}

/** Sends one call. A body of JSON makes browsers ask the server before another site may send it. */
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
 * One call, answered as JSON. The answer is not validated: the app's own backend, and the service that
 * it named, made it from the schemas of these types, and a validator would weigh more than all else here.
 *
 * @throws ConnectError
 */
export async function call<Answer>(fetch: Fetch, url: string, options: Call = {}): Promise<Answer> {
  const answer = await send(fetch, url, options).catch((thrown) => {
    throw asConnectError(thrown)
  })
  const { ok, status } = answer
  // A proxy's error page is no JSON.
  const body = await answer.json().catch(() => undefined)
  if (ok && body) return body
  const {
    code = 'unavailable',
    detail = `${url}: ${status}`,
    requestId,
  }: Partial<Problem> = body ?? {}
  throw new ConnectError(code, detail, status > 499 || status === 429 || status === 410, requestId)
}
