import type { HostLimits } from '@keywell/protocol'
import { type After, after as realAfter } from '../clock.ts'
import { type SpanFacts, silentTracing, type Tracing } from '../metrics/tracing.ts'
import { createConnector, type Dial, dialTcp, type Lookup, resolveName } from './connect.ts'
import { type EgressProxy, parseProxy } from './egress-proxy.ts'
import { OutboundError } from './errors.ts'
import { type Answer, type Bounds, exchange } from './exchange.ts'
import { createHostLimiters, type Hosts } from './host-limiters.ts'
import { createLimits, type LimitedProvider } from './limits.ts'
import { type CallOutcome, outcomeOfAnswer, outcomeOfFailure } from './outcome.ts'
import { type PrivateHost, parsePrivateHosts, withoutTrailingDot } from './private-hosts.ts'
import { buildRequest, type OutgoingRequest } from './request.ts'
import { toResponse } from './response.ts'
import { createRoutes, type Route } from './routes.ts'

export type { EgressProxy } from './egress-proxy.ts'
export { OutboundError } from './errors.ts'
export type { Hosts } from './host-limiters.ts'
export type { PrivateHost } from './private-hosts.ts'

export interface OutboundOptions {
  /** The operator's list. Everything else must be public, https and on port 443. */
  readonly allow: readonly PrivateHost[]
  /**
   * The operator's list for calls of another kind. What is private of it is refused here like any private
   * host, and no proxy is asked for its name. Default: none.
   */
  readonly elsewhere?: readonly PrivateHost[] | undefined
  /**
   * Takes every call but those to hosts that have networks in `allow`: these are reached directly, or
   * not at all. It looks names up, so it has to keep them from addresses that are not public; URLs,
   * ports and address literals are still checked here. Default: none, whatever the environment says.
   */
  readonly egressProxy?: EgressProxy | undefined
  /** Their default hosts have the limits that their data says. */
  readonly providers?: readonly LimitedProvider[] | undefined
  /** The operator's, by origin. Default: the provider's, else those of a public host, or of one of `allow`. */
  readonly limits?: Readonly<Record<string, HostLimits>> | undefined
  /** For a whole call, from the name to the last byte; waiting at the limiter comes before. Default 20,000. */
  readonly timeoutMs?: number | undefined
  /** Bound of an answer's body, on the wire and decompressed. Default 1,000,000. */
  readonly maxBytes?: number | undefined
  /** Bound of an answer's headers together. Default 16,384. */
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
}

/** As for `fetch`; the bounds of one call may differ from the usual ones. */
export interface OutboundInit extends RequestInit {
  timeoutMs?: number
  maxBytes?: number
  /**
   * On whose behalf: hosts may be limited to tenants, and tenants take turns where calls have to wait.
   * Default: the service itself, which no limited host is for.
   */
  tenantId?: string | undefined
  /** Nobody is waiting for the answer, so everybody else goes first. Default false. */
  background?: boolean
  /**
   * Called once the limiter has been passed and the socket is connected, right before the first byte is
   * written. If it throws, nothing is: the call fails as `aborted`, with what was thrown as `cause`.
   */
  ready?: () => void
}

/** A tenant, or the service itself. */
export type OnBehalfOf = Pick<OutboundInit, 'tenantId'>

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
   * What can be said of a URL before it is called: scheme, port, name, and the range of an address.
   *
   * @throws OutboundError `refused_url` or `refused_address`
   */
  checkUrl(url: string | URL, caller?: OnBehalfOf): void
  /** Whether the operator's list has this origin, for this caller. */
  isListed(url: string | URL, caller?: OnBehalfOf): boolean
  /** What the hosts would take at this moment. */
  readonly hosts: Hosts
  /** Waits for the calls under way, refuses those at the limiters, and ends the idle connections. */
  close(): Promise<void>
}

const defaults = { timeoutMs: 20_000, maxBytes: 1_000_000, maxHeaderBytes: 16_384 }

/** @throws TypeError for a proxy, or an entry of `allow` or `limits`, that means nothing or that nobody may list */
export function createOutbound(options: OutboundOptions): Outbound {
  const timeoutMs = options.timeoutMs ?? defaults.timeoutMs
  const maxBytes = options.maxBytes ?? defaults.maxBytes
  const { lookup = resolveName, dial = dialTcp } = options
  const { now = () => performance.now(), after = realAfter, tracing = silentTracing } = options
  const limitsOf = createLimits(options)
  const limiters = createHostLimiters({ limitsOf, now, after })
  // Tenants that may not use a restricted host share a separate limiter, so that its load neither leaks nor is
  // affected.
  const limitersOfOthers = createHostLimiters({ limitsOf: createLimits({ allow: [] }), now, after })
  const proxy = options.egressProxy && parseProxy(options.egressProxy)
  const routes = createRoutes(parsePrivateHosts(options.allow, options.elsewhere), {
    connectorOf: (policy) => createConnector({ policy, lookup, dial, proxy, timeoutMs }),
    maxHeaderBytes: options.maxHeaderBytes ?? defaults.maxHeaderBytes,
  })

  function routeOf(url: URL, { tenantId }: OnBehalfOf): Route {
    return routes.of({ origin: url.origin, tenantId })
  }

  async function limitedExchange(
    route: Route,
    request: OutgoingRequest,
    bounds: Bounds,
    init: OutboundInit,
  ): Promise<Answer> {
    const { tenantId, background = false, signal } = init
    const hostLimiters = route.isForOthers ? limitersOfOthers : limiters
    const release = await hostLimiters.acquire(request.origin, { tenantId, background, signal })
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

  return {
    async fetch(input, init = {}) {
      const url = parseUrl(input)
      const route = routeOf(url, init)
      route.policy.check(url)
      const request = await buildRequest(url, init)
      const bounds = {
        timeoutMs: init.timeoutMs ?? timeoutMs,
        maxBytes: init.maxBytes ?? maxBytes,
        signal: init.signal,
        ready: init.ready,
      }
      const answer = await tracing.span('keywell.outbound', factsOf(request), async (say) => {
        const taken = await limitedExchange(route, request, bounds, init)
        say({ 'http.response.status_code': taken.status })
        return taken
      })
      if (init.redirect === 'error' && isRedirect(answer.status)) {
        throw new OutboundError('redirect', { host: url.host, notSent: false })
      }
      return toResponse(answer, { host: url.host, maxBytes: bounds.maxBytes })
    },

    checkUrl(input, caller = {}) {
      const url = parseUrl(input)
      routeOf(url, caller).policy.check(url)
    },

    isListed(input, caller = {}) {
      const url = parseUrl(input)
      return routeOf(url, caller).policy.isListed(url.origin)
    },

    hosts: limiters,

    close() {
      limiters.close()
      limitersOfOthers.close()
      return routes.close()
    },
  }
}

/** No path and no query: a code or a token could stand there. */
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
