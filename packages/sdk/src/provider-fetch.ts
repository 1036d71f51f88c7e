import {
  harmlessHeaders,
  isBelow as isBelowBase,
  isRedirect,
  KeywellError,
  maxRedirects,
} from '@keywell/protocol'
import type { Credential } from './credential.ts'

export interface ProviderFetchParts {
  readonly fetch: typeof globalThis.fetch
  readonly get: () => Promise<Credential>
  /** See `Keywell.getNewerCredential`. */
  readonly getNewer: (refused: Credential) => Promise<Credential>
}

/**
 * One request to the connection's host, with its credential.
 *
 * The credential goes to that host, relative root included, and nowhere else (T24). After a 401 the
 * service is asked once for a later generation, because some providers kill the old token at each
 * refresh and calls in flight meet that; the request is then repeated once, if its body can be.
 */
export async function providerFetch(
  parts: ProviderFetchParts,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const used = await parts.get()
  const first = await follow(parts.fetch, used, path, init)
  if (first.response.status !== 401 || first.hasLeft) return first.response
  if (!isReplayable(init.body)) {
    report(parts, used)
    return first.response
  }
  const newer = await newerThan(parts, used)
  init.signal?.throwIfAborted()
  if (newer === undefined) return first.response
  await first.response.body?.cancel()
  const second = await follow(parts.fetch, newer, path, init)
  if (second.response.status === 401 && !second.hasLeft) report(parts, newer)
  return second.response
}

/** Undefined: the service has none, and finds nothing wrong with the one that was used. */
export async function newerThan(
  parts: Pick<ProviderFetchParts, 'getNewer'>,
  used: Credential,
): Promise<Credential | undefined> {
  try {
    const newer = await parts.getNewer(used)
    return newer === used ? undefined : newer
  } catch (error) {
    // This is more exact than the provider's 401; any other error is less so.
    const isExact =
      error instanceof KeywellError && /^(needs_reauth|not_connected)$/.test(error.code)
    if (isExact) throw error
    return undefined
  }
}

/** Lets the service probe the token. No caller waits, and what it finds comes as a change. */
export function report(parts: Pick<ProviderFetchParts, 'getNewer'>, refused: Credential): void {
  parts.getNewer(refused).catch(() => {})
}

interface Followed {
  readonly response: Response
  /** A redirect led away from the host; what came back says nothing about the credential. */
  readonly hasLeft: boolean
}

async function follow(
  fetch: typeof globalThis.fetch,
  credential: Credential,
  path: string,
  init: RequestInit,
): Promise<Followed> {
  let url = resolveBelow(credential.host, path)
  let request = withHeaders(init, credential)
  let hasLeft = false
  for (let redirects = 0; ; redirects += 1) {
    const response = await fetch(url, { ...request, redirect: 'manual' })
    const target = redirectTarget(response, url)
    if (target === undefined || init.redirect === 'manual') return { response, hasLeft }
    await response.body?.cancel()
    if (init.redirect === 'error') throw new TypeError(`${url.origin} answered with a redirect`)
    if (redirects === maxRedirects) {
      throw new KeywellError('provider_error', `${url.origin} redirects in a circle.`, {
        nextStep: `After ${maxRedirects} redirects the request was given up. Check the path.`,
      })
    }
    request = redirected(request, response.status)
    if (!isBelow(credential.host, target)) {
      hasLeft = true
      request = abroad(request, { credential, from: url, to: target })
    }
    checkReplayable(request)
    url = target
  }
}

/**
 * Joins a path below a host, relative root included. A whole URL is taken if it is below it, too:
 * providers answer with such links to the next page.
 */
function resolveBelow(host: string, path: string): URL {
  const isPath = path.startsWith('/') && !path.startsWith('//')
  const text = isPath ? host + path : path
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url !== undefined && isBelow(host, url)) return url
  throw new KeywellError(
    'invalid_request',
    `keywell.fetch: the path must begin with "/" or be a URL below ${host}.`,
  )
}

export function isBelow(host: string, url: URL): boolean {
  return isBelowBase(new URL(host), url)
}

function redirectTarget(response: Response, from: URL): URL | undefined {
  const location = response.headers.get('location')
  if (!isRedirect(response.status) || location === null) return undefined
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw new KeywellError('provider_error', `${from.origin} redirects to something unusable.`)
  }
  return target
}

function withHeaders(init: RequestInit, credential: Credential): RequestInit {
  const headers = new Headers(init.headers)
  for (const { name, value } of credential.headers) headers.set(name, value)
  return { ...init, headers }
}

/**
 * The request as it goes on at another origin: a plain question, with the headers that say what answer is
 * liked. A body is for the host alone, and so is an act: what only the method keeps (307, 308, and a PUT
 * or DELETE at 301 and 302) is not carried on.
 */
function abroad(
  init: RequestInit,
  { credential, from, to }: { credential: Credential; from: URL; to: URL },
): RequestInit {
  const method = methodOf(init)
  if (method !== 'GET' && method !== 'HEAD') {
    throw new KeywellError(
      'provider_error',
      `${from.origin} redirects a ${method} to ${to.origin}, and a body is not sent to another origin.`,
      {
        nextStep:
          'Check the path. If the redirect is meant, pass `redirect: "manual"` and send the request to its `location` yourself.',
      },
    )
  }
  const { body: _, ...rest } = init
  const secret = new Set(credential.headers.map(({ name }) => name.toLowerCase()))
  const headers = [...new Headers(init.headers)].filter(
    ([name]) => harmlessHeaders.has(name) && !secret.has(name),
  )
  return { ...rest, headers }
}

/** The request that follows a redirect, as the Fetch standard has it (HTTP-redirect fetch). */
function redirected(init: RequestInit, status: number): RequestInit {
  const method = methodOf(init)
  const becomesGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST')
  if (!becomesGet) return init
  const headers = new Headers(init.headers)
  for (const name of [...headers.keys()]) if (name.startsWith('content-')) headers.delete(name)
  const { body: _, ...rest } = init
  return { ...rest, method: 'GET', headers }
}

function methodOf(init: RequestInit): string {
  return (init.method ?? 'GET').toUpperCase()
}

function checkReplayable({ body }: RequestInit): void {
  if (isReplayable(body)) return
  throw new TypeError('keywell.fetch: a streamed body cannot follow a redirect')
}

/** Whether a body can be sent a second time. A stream cannot. */
function isReplayable(body: RequestInit['body']): boolean {
  return (
    body === undefined ||
    body === null ||
    typeof body === 'string' ||
    body instanceof URLSearchParams ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof Blob ||
    body instanceof FormData
  )
}
