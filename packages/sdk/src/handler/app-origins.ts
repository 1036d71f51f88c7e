/**
 * The origins of the app, as browsers see them. They are configured. No request decides them: its Host, its
 * target, its forwarded headers and its Referer are chosen by the client, and the origin of a connect
 * session is where the finish ticket goes. `Origin` can only pick one of those that are configured.
 */
import { KeywellError } from '@keywell/protocol'

export interface AppOrigins {
  /** Configured; empty: none is. */
  readonly listed: readonly string[]
  /** Whether pages on this machine count as the app's, while none is configured. */
  readonly allowsLoopback: boolean
}

/** What is wrong with an origin, as the end of a sentence; undefined: nothing. */
function faultOf(origin: unknown): string | undefined {
  if (typeof origin !== 'string') return `got ${typeof origin}`
  if (!URL.canParse(origin) || !/^https?:$/.test(new URL(origin).protocol)) return `got "${origin}"`
  const written = new URL(origin).origin
  return written === origin ? undefined : `got "${origin}"; a browser sends "${written}"`
}

/**
 * Checks origins that the app configured.
 *
 * @param name of the setting, for the message
 * @throws TypeError for what no browser would send as its `Origin`
 */
export function readAppOrigins(name: string, value: string | readonly string[]): readonly string[] {
  const origins = typeof value === 'string' ? [value] : [...value]
  if (origins.length === 0) throw new TypeError(`Keywell: \`${name}\` must not be empty.`)
  for (const origin of origins) {
    const fault = faultOf(origin)
    if (fault === undefined) continue
    throw new TypeError(
      `Keywell: \`${name}\` must be an origin such as https://app.example, without a path; ${fault}.`,
    )
  }
  return origins
}

/** @throws TypeError when nothing says where the app is */
export function requireAppOrigins(origins: AppOrigins): void {
  if (origins.listed.length > 0 || origins.allowsLoopback) return
  throw new TypeError(
    "connectHandler: the app's origin is missing. Set KEYWELL_APP_ORIGIN to it as browsers see it (https://app.example), or pass `appOrigin` to Keywell.",
  )
}

function isAppOrigin({ listed, allowsLoopback }: AppOrigins, origin: string): boolean {
  if (listed.length > 0) return listed.includes(origin)
  return allowsLoopback && isLoopback(origin)
}

/**
 * Which of the app's origins the page is on that sent a request: by its `Origin`, which no page can forge
 * for its visitor. Undefined: the browser says that the page is of the same origin, and does not name it.
 *
 * @throws KeywellError `origin_not_allowed` for any other page
 */
export function originOfPage(request: Request, origins: AppOrigins): string | undefined {
  const sent = request.headers.get('origin')
  if (sent === null && request.headers.get('sec-fetch-site') === 'same-origin') return undefined
  if (sent !== null && isAppOrigin(origins, sent)) return sent
  throw new KeywellError(
    'origin_not_allowed',
    sent === null
      ? 'The request does not say which page it comes from.'
      : `The request comes from ${sent.slice(0, 300)}, which is not an origin of this app.`,
    {
      nextStep:
        "Call this route from the app's own pages. If this is one of them, add its origin to KEYWELL_APP_ORIGIN, or to `appOrigin`.",
    },
  )
}

/** The origin of a session, for a page that its browser did not name: the only one that there is. */
export function onlyOrigin({ listed }: AppOrigins): string {
  const [only, ...more] = listed
  if (only !== undefined && more.length === 0) return only
  throw new KeywellError(
    'origin_not_allowed',
    'The request does not say which of the origins of this app it comes from.',
    { nextStep: 'Send it from a browser, which adds `Origin` to every POST.' },
  )
}

/**
 * Addresses that on every machine mean that machine. `localhost` is among them: browsers resolve it to
 * loopback by themselves and never look it up.
 */
function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname)
}

export function isLoopbackHost(hostname: string): boolean {
  return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)
}
