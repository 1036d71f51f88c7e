import { ConnectError, errorOfAnswer } from './error.ts'

/** What the core takes from the browser; tests pass their own. */
export interface Browser {
  readonly fetch: typeof fetch
  /** Windows, timers, storage, location. Read only after a mount or a click, never on a server. */
  readonly window: () => Window & typeof globalThis
}

const callTimeoutMs = 20_000

export interface Call {
  method?: 'GET' | 'POST' | 'DELETE'
  /** Sent as JSON. */
  body?: unknown
  /** Sent as `Authorization: Bearer`; the app's cookies then stay at home. */
  token?: string
  /** Ends the call early. */
  signal?: AbortSignal
}

/**
 * One call, answered as JSON.
 *
 * The answer is not validated: the app's own backend and the service that it named made it from the
 * same schemas, and a validator would weigh more than everything else here.
 *
 * @throws ConnectError
 */
export async function call<Answer>(browser: Browser, url: string, options: Call): Promise<Answer> {
  const window = browser.window()
  const abort = new AbortController()
  const timer = window.setTimeout(() => abort.abort(), callTimeoutMs)
  options.signal?.addEventListener('abort', () => abort.abort())
  try {
    const answer = await browser.fetch(url, { ...requestInit(options), signal: abort.signal })
    const body = await answer.json().catch(() => undefined)
    if (!answer.ok) throw errorOfAnswer(answer.status, body)
    if (body === undefined) throw notJson(url)
    return body
  } finally {
    window.clearTimeout(timer)
  }
}

/** Headers and credentials of a call; shared with the stream. */
export function requestInit({ method = 'GET', body, token }: Call): RequestInit {
  return {
    method,
    headers: {
      Accept: 'application/json',
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    credentials: token === undefined ? 'same-origin' : 'omit',
    cache: 'no-store',
  }
}

function notJson(url: string): ConnectError {
  return new ConnectError('unavailable', `${url} did not answer JSON. Is it the right endpoint?`, {
    retryable: false,
  })
}
