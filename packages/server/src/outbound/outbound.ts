import type { HostLimits } from '@keywell/protocol'
import { isWithin, type Reach, type Side } from '@keywell/providers'
import { type After, after as defaultAfter } from '../clock.ts'
import { type SpanFacts, silentTracing, type Tracing } from '../metrics/tracing.ts'
import { createConnector, type Dial, dialTcp, type Lookup, resolveName } from './connect.ts'
import { type EgressProxy, parseProxy } from './egress-proxy.ts'
import { OutboundError } from './errors.ts'
import { type Answer, type Bounds, exchange } from './exchange.ts'
import { HostLimiters, type Hosts } from './host-limiters.ts'
import { createLimits, type LimitedProviders } from './limits.ts'
import { type CallOutcome, outcomeOfAnswer, outcomeOfFailure } from './outcome.ts'
import { type PrivateHost, parsePrivateHosts, withoutTrailingDot } from './private-hosts.ts'
import { buildRequest, type OutgoingRequest } from './request.ts'
import { toResponse } from './response.ts'
import { createRoutes, type Route, type Routes } from './routes.ts'

export type { EgressProxy } from './egress-proxy.ts'
export { OutboundError } from './errors.ts'
export type { Hosts } from './host-limiters.ts'
export type { PrivateHost } from './private-hosts.ts'

export interface OutboundOptions {
  /** The operator's list. Everything else must be public, https and on port 443. */
  readonly allow: readonly PrivateHost[]
  /**
   * The operator's list for calls of another kind. Its private hosts are refused here like any private
   * host, and no proxy resolves their names. Default: none.
   */
  readonly elsewhere?: readonly PrivateHost[] | undefined
  /**
   * Takes every call except those to hosts that have networks in `allow`: these are reached directly, or
   * not at all. The proxy resolves names, so it must refuse addresses that are not public. URLs, ports and
   * address literals are still checked here. Default: none, for any environment.
   */
  readonly egressProxy?: EgressProxy | undefined
  /** The default hosts of these providers have the limits of their data; `hosts.readLimits` follows a change. */
  readonly providers?: LimitedProviders | undefined
  /** The operator's limits, by origin. Default: those of the provider, else those of a public host, or of one of `allow`. */
  readonly limits?: Readonly<Record<string, HostLimits>> | undefined
  /** For a whole call, from the name to the last byte, without the wait at the limiter. Default: 20,000. */
  readonly timeoutMs?: number | undefined
  /** Bound of an answer's body, on the wire and decompressed. Default: 1,000,000. */
  readonly maxBytes?: number | undefined
  /** Bound of an answer's headers together. Default: 16,384. */
  readonly maxHeaderBytes?: number | undefined
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined
  /** Default: a TCP socket. */
  readonly dial?: Dial | undefined
  /** Milliseconds on a clock that only goes forward. Default: since the process began. */
  readonly now?: (() => number) | undefined
  /** Default: real timers. */
  readonly after?: After | undefined
  /** Each call is a span: method, host and status. Nothing of it is sent to the host. */
  readonly tracing?: Tracing | undefined
  /** Receives each call that passed the guard, when it has ended. Default: none. */
  readonly onCall?: ((call: FinishedCall) => void) | undefined
}

/** A call that has ended. The path may hold a secret: it must not be logged as it is. */
export interface FinishedCall {
  readonly tenantId: string | undefined
  readonly method: string
  readonly origin: string
  /** Without query. */
  readonly pathname: string
  /** Null: there was no answer. */
  readonly status: number | null
  /** `answered`, or why there was none; see `OutboundFailure`. */
  readonly outcome: string
  /** From the guard to the last byte, waiting at the limiter included. */
  readonly ms: number
}

/** As for `fetch`; the bounds of one call may differ from the usual ones. */
export interface OutboundInit extends RequestInit {
  timeoutMs?: number
  maxBytes?: number
  /**
   * Called when the body is longer than `maxBytes`: then what came before is the answer. It must not have an encoding.
   * Default: the call fails as `too_large`.
   */
  onCut?: (() => void) | undefined
  /**
   * The tenant of the call: hosts may be restricted to tenants, and tenants take turns where calls have to wait.
   * Default: the service itself, which may use no restricted host.
   */
  tenantId?: string | undefined
  /**
   * The address comes from a definition that the tenant wrote itself. Then the operator's list counts only where it
   * names this tenant, and the call passes a limiter of its own, so that it holds up nobody else's. Default: false.
   */
  isOwn?: boolean | undefined
  /** What the secret in the request may reach, and the side that it is on. Default: there is no secret in it. */
  within?: { readonly reach: Reach; readonly side: Side } | undefined
  /** No user waits for the answer, so all other calls go first. Default: false. */
  background?: boolean
  /**
   * Called once the limiter has been passed and the socket is connected, right before the first byte is
   * written. If it throws, nothing is: the call fails as `aborted`, with what was thrown as `cause`.
   */
  ready?: () => void
}

/** A tenant, with a definition of its own perhaps, or the service itself. */
export type OnBehalfOf = Pick<OutboundInit, 'tenantId' | 'isOwn'>

/** The only place from which the service opens connections. */
export interface Outbound {
  /**
   * Calls a URL and reads the whole answer, like `fetch`, with these differences: the address must
   * be allowed at every stage; the request is written at most once; redirects are never followed (a
   * 3xx is an answer, or with `redirect: 'error'` a failure); time and sizes are bounded; the body
   * is there, decompressed, when the promise resolves; environment variables for proxies are ignored.
   *
   * Before anything is written the call passes its host's limiter, where it may have to wait for up to
   * five seconds or be refused (`throttled`): see `HostLimiter`.
   *
   * Fits oauth4webapi's `customFetch`.
   *
   * @throws OutboundError and nothing else
   */
  fetch(url: string | URL, init?: OutboundInit): Promise<Response>
  /**
   * Checks what is known of a URL before it is called: scheme, port, name, and the range of an address.
   *
   * @throws OutboundError `refused_url` or `refused_address`
   */
  checkUrl(url: string | URL, caller?: OnBehalfOf): void
  /** Whether the operator's list has this origin, for this caller. */
  isListed(url: string | URL, caller?: OnBehalfOf): boolean
  /** The capacity of the hosts now. */
  readonly hosts: Hosts
  /** Waits for the calls under way, refuses those at the limiters, and ends the idle connections. */
  close(): Promise<void>
}

const defaults = { timeoutMs: 20_000, maxBytes: 1_000_000, maxHeaderBytes: 16_384 }

interface OutboundParts {
  routes: Routes
  limiters: HostLimiters
  /**
   * Of tenants that may not use a restricted host, or call by definitions of their own: their calls neither show the
   * load of a host nor affect it.
   */
  limitersOfOthers: HostLimiters
  tracing: Tracing
  onCall: (call: FinishedCall) => void
  now: () => number
  timeoutMs: number
  maxBytes: number
}

/** @throws TypeError for a proxy, or an entry of `allow` or `limits`, that is invalid or may not be listed */
export function createOutbound(options: OutboundOptions): Outbound {
  const parts = createParts(options)
  const { routes, limiters, limitersOfOthers } = parts
  return {
    fetch: (input, init = {}) => fetchBounded(parts, input, init),
    checkUrl(input, caller = {}) {
      const url = parseUrl(input)
      routeOf(routes, url, caller).policy.check(url)
    },
    isListed(input, caller = {}) {
      const url = parseUrl(input)
      return routeOf(routes, url, caller).policy.isListed(url.origin)
    },
    hosts: limiters,
    close() {
      limiters.close()
      limitersOfOthers.close()
      return routes.close()
    },
  }
}

function createParts(options: OutboundOptions): OutboundParts {
  const { timeoutMs = defaults.timeoutMs, maxBytes = defaults.maxBytes } = options
  const { maxHeaderBytes = defaults.maxHeaderBytes, tracing = silentTracing } = options
  const { lookup = resolveName, dial = dialTcp } = options
  const { now = () => performance.now(), after = defaultAfter, onCall = () => {} } = options
  const limiters = new HostLimiters({ limitsOf: createLimits(options), now, after })
  const limitersOfOthers = new HostLimiters({ limitsOf: createLimits({ allow: [] }), now, after })
  const proxy = options.egressProxy && parseProxy(options.egressProxy)
  const routes = createRoutes(parsePrivateHosts(options.allow, options.elsewhere), {
    connectorOf: (policy) => createConnector({ policy, lookup, dial, proxy, timeoutMs }),
    maxHeaderBytes,
  })
  return { routes, limiters, limitersOfOthers, tracing, onCall, now, timeoutMs, maxBytes }
}

async function fetchBounded(
  parts: OutboundParts,
  input: string | URL,
  init: OutboundInit,
): Promise<Response> {
  const url = parseUrl(input)
  const route = routeOf(parts.routes, url, init)
  route.policy.check(url)
  if (init.within !== undefined && !isWithin(init.within.reach, init.within.side, url)) {
    throw new OutboundError('definition_outgrown', { host: url.host, notSent: true })
  }
  const request = await buildRequest(url, init)
  const bounds = {
    timeoutMs: init.timeoutMs ?? parts.timeoutMs,
    maxBytes: init.maxBytes ?? parts.maxBytes,
    signal: init.signal,
    ready: init.ready,
    onCut: init.onCut,
  }
  const ended = reportTo(parts, url, { method: request.method, tenantId: init.tenantId })
  const answer = await parts.tracing
    .span('keywell.outbound', factsOf(request), async (say) => {
      const taken = await exchangeLimited(parts, route, request, bounds, init)
      say({ 'http.response.status_code': taken.status })
      return taken
    })
    .catch((error: unknown) => {
      ended(null, error instanceof OutboundError ? error.reason : 'failed')
      throw error
    })
  ended(answer.status, 'answered')
  if (init.redirect === 'error' && isRedirect(answer.status)) {
    throw new OutboundError('redirect', { host: url.host, notSent: false })
  }
  return toResponse(answer, { host: url.host, maxBytes: bounds.maxBytes })
}

/** The call begins now; the returned function reports its end. */
function reportTo(
  { onCall, now }: OutboundParts,
  { origin, pathname }: URL,
  call: Pick<FinishedCall, 'method' | 'tenantId'>,
): (status: number | null, outcome: string) => void {
  const begunMs = now()
  return (status, outcome) =>
    onCall({ ...call, origin, pathname, status, outcome, ms: now() - begunMs })
}

/** Acquires a slot of the host's limiter for the call, and reports the outcome to it. */
async function exchangeLimited(
  parts: OutboundParts,
  route: Route,
  request: OutgoingRequest,
  bounds: Bounds,
  { tenantId, background = false, signal }: OutboundInit,
): Promise<Answer> {
  const limiters = route.isForOthers ? parts.limitersOfOthers : parts.limiters
  const release = await limiters.acquire(request.origin, { tenantId, background, signal })
  let outcome: CallOutcome = { kind: 'neutral' }
  try {
    const answer = await exchange(route.dispatcherFor(request.method), request, bounds)
    outcome = outcomeOfAnswer(answer)
    return answer
  } catch (error) {
    if (error instanceof OutboundError) outcome = outcomeOfFailure(error)
    throw error
  } finally {
    release(outcome)
  }
}

function routeOf(routes: Routes, url: URL, { tenantId, isOwn = false }: OnBehalfOf): Route {
  return routes.of({ origin: url.origin, tenantId, isOwn })
}

/** Without path and query, which could contain a code or a token. */
function factsOf({ method, origin }: OutgoingRequest): SpanFacts {
  const { hostname, port } = new URL(origin)
  const facts = { 'http.request.method': method, 'server.address': hostname }
  return port === '' ? facts : { ...facts, 'server.port': Number(port) }
}

function parseUrl(input: string | URL): URL {
  if (URL.canParse(String(input))) return withoutTrailingDot(new URL(input))
  throw new OutboundError('refused_url', { host: 'unknown', notSent: true, detail: 'not a URL' })
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304
}
