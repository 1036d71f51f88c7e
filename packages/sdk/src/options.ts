import { Secret } from '@keywell/protocol'
import { secretVariable, variable } from './environment.ts'
import { type AppOrigins, isLoopbackHost, readAppOrigins } from './handler/app-origins.ts'
import type { Hooks } from './hooks.ts'

export interface KeywellOptions {
  /** Base URL of the service. Default: the environment's `KEYWELL_URL`. */
  url?: string
  /** Default: the environment's `KEYWELL_API_KEY`, or the content of the file that `KEYWELL_API_KEY_FILE` names. */
  apiKey?: string
  /**
   * Tenant of calls of tools that name a user by id alone, for an app with one tenant. Default: the environment's
   * `KEYWELL_TENANT_ID`; without it such a call throws `TypeError`.
   */
  tenantId?: string
  /**
   * Where browsers find the app, such as `https://app.example`; one or several. `connectHandler` needs it, and
   * takes it from no request: connect sessions are for pages there, and end there. Default: the
   * environment's `KEYWELL_APP_ORIGIN` (comma-separated). Without it pages on `localhost`, `127.0.0.1` and
   * `[::1]` are served while `NODE_ENV` is not `production` and the service is on this machine, too.
   */
  appOrigin?: string | readonly string[]
  /**
   * Secret of the webhook whose messages `webhooks.verify` and `webhooks.receive` check; several while
   * one is being replaced. Default: the environment's `KEYWELL_WEBHOOK_SECRET`, or the content of the file that
   * `KEYWELL_WEBHOOK_SECRET_FILE` names.
   */
  webhookSecret?: string | readonly string[]
  /** Credentials held at most; the least recently used goes first. Default: 10,000. */
  maxEntries?: number
  /**
   * Milliseconds that a credential is served after the service last validated it. Default: 60,000.
   * While the change stream is up it never counts: this is the bound for when it is down.
   */
  maxStaleMs?: number
  /**
   * Milliseconds, longer than `maxStaleMs`: how long a credential is still served while the service
   * does not answer at all. A revoked credential then lives as long. Default: `maxStaleMs`.
   */
  staleIfUnavailableMs?: number
  /** Milliseconds after its last use that a credential is kept fresh ahead of need. Default: 1,800,000. */
  idleAfterMs?: number
  /** Milliseconds that a call to the service may take, its retries included. Default: 10,000. */
  requestTimeoutMs?: number
  /**
   * Times that a call to the service is sent again after a failure that may pass: the network, 429, 502, 503
   * and 504, after a random pause, or after `Retry-After`. Retries of a change have its key, so that the service
   * makes it once. 0: never; at most 10. Default: 2.
   */
  retries?: number
  /**
   * Milliseconds that a read waits for a refresh that is under way, as at a slow provider; a call may have its
   * own. After that it fails with `refresh_in_progress`. 0: it never waits. Default: 30,000.
   */
  waitMs?: number
  /** Sends every request, the change stream and `keywell.fetch` included. */
  fetch?: typeof globalThis.fetch
  /** Monotonic milliseconds. */
  now?: () => number
  /**
   * Milliseconds since 1970. Where they go further than the monotonic ones, the process was suspended: the
   * service is asked before anything held is served. Default: `Date.now`, or `now` where that is passed.
   */
  wallNow?: () => number
  /** Numbers from 0 up to 1, for jitter only. */
  random?: () => number
  /** Called on what happens, for metrics. */
  hooks?: Hooks
}

export interface Settings {
  readonly url: URL
  readonly apiKey: Secret
  readonly tenantId: string | undefined
  readonly appOrigins: AppOrigins
  readonly webhookSecret: string | readonly string[] | undefined
  readonly maxEntries: number
  readonly maxStaleMs: number
  readonly staleIfUnavailableMs: number
  readonly idleAfterMs: number
  readonly requestTimeoutMs: number
  readonly retries: number
  readonly waitMs: number
  readonly fetch: typeof globalThis.fetch | undefined
  readonly now: (() => number) | undefined
  readonly wallNow: () => number
  readonly random: () => number
  readonly hooks: Hooks
}

/** Checks and completes what was passed. Throws `TypeError` with the fix. */
export function settingsOf(options: KeywellOptions): Settings {
  const maxStaleMs = wholeNumber('maxStaleMs', options.maxStaleMs ?? 60_000)
  const url = serviceUrl(options.url ?? variable('KEYWELL_URL'))
  return {
    url,
    apiKey: apiKeyOf(options.apiKey ?? secretVariable('KEYWELL_API_KEY')),
    tenantId: options.tenantId ?? (variable('KEYWELL_TENANT_ID') || undefined),
    appOrigins: {
      listed: appOriginsOf(options.appOrigin),
      allowsLoopback: variable('NODE_ENV') !== 'production' && isLoopbackHost(url.hostname),
    },
    webhookSecret: options.webhookSecret ?? secretVariable('KEYWELL_WEBHOOK_SECRET'),
    maxEntries: wholeNumber('maxEntries', options.maxEntries ?? 10_000),
    maxStaleMs,
    staleIfUnavailableMs: noShorter(options.staleIfUnavailableMs ?? maxStaleMs, maxStaleMs),
    idleAfterMs: wholeNumber('idleAfterMs', options.idleAfterMs ?? 30 * 60_000),
    requestTimeoutMs: wholeNumber('requestTimeoutMs', options.requestTimeoutMs ?? 10_000),
    retries: retriesOf(options.retries ?? 2),
    waitMs: options.waitMs === 0 ? 0 : wholeNumber('waitMs', options.waitMs ?? 30_000),
    fetch: optionalFunction('fetch', options.fetch),
    now: optionalFunction('now', options.now),
    wallNow: optionalFunction('wallNow', options.wallNow) ?? options.now ?? Date.now,
    random: optionalFunction('random', options.random) ?? Math.random,
    hooks: { ...options.hooks },
  }
}

function appOriginsOf(option: string | readonly string[] | undefined): readonly string[] {
  if (option !== undefined) return readAppOrigins('appOrigin', option)
  const text = variable('KEYWELL_APP_ORIGIN') ?? ''
  const origins = text.split(',').map((part) => part.trim())
  const named = origins.filter((origin) => origin !== '')
  return named.length === 0 ? [] : readAppOrigins('KEYWELL_APP_ORIGIN', named)
}

function serviceUrl(text: string | undefined): URL {
  if (text === undefined || text === '') {
    throw new TypeError(
      'Keywell: the address of the service is missing. Set KEYWELL_URL, or pass `url`.',
    )
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(
      `Keywell: \`url\` must be an http or https URL, such as https://keywell.example; got "${text}".`,
    )
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError('Keywell: `url` must not contain a user, a query or a fragment.')
  }
  url.pathname = url.pathname.replace(/\/$/, '')
  return url
}

function apiKeyOf(text: string | undefined): Secret {
  if (text === undefined || text === '') {
    throw new TypeError(
      'Keywell: the API key is missing. Set KEYWELL_API_KEY_FILE or KEYWELL_API_KEY, or pass `apiKey`.',
    )
  }
  // The key itself is not shown: whatever was passed may be most of a real one.
  if (typeof text !== 'string' || !/^[\x21-\x7e]+$/.test(text)) {
    throw new TypeError('Keywell: `apiKey` must be printable ASCII without spaces or line ends.')
  }
  return new Secret(text)
}

function noShorter(value: number, maxStaleMs: number): number {
  if (wholeNumber('staleIfUnavailableMs', value) < maxStaleMs) {
    throw new TypeError(
      `Keywell: \`staleIfUnavailableMs\` must not be shorter than \`maxStaleMs\` (${maxStaleMs}).`,
    )
  }
  return value
}

function retriesOf(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 10) return value
  throw new TypeError(
    `Keywell: \`retries\` must be a whole number from 0 to 10; got ${String(value)}.`,
  )
}

function wholeNumber(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new TypeError(
      `Keywell: \`${name}\` must be a whole number above 0; got ${String(value)}.`,
    )
  }
  return value
}

function optionalFunction<Value>(name: string, value: Value | undefined): Value | undefined {
  if (value !== undefined && typeof value !== 'function') {
    throw new TypeError(`Keywell: \`${name}\` must be a function.`)
  }
  return value
}
