import { Agent } from 'undici'
import { createConnector, type Dial, dialTcp, type Lookup, resolveName } from './connect.ts'
import { OutboundError } from './errors.ts'
import { exchange } from './exchange.ts'
import { createPolicy, type PrivateHost } from './policy.ts'
import { buildRequest } from './request.ts'
import { toResponse } from './response.ts'

export { OutboundError } from './errors.ts'
export type { PrivateHost } from './policy.ts'

export interface OutboundOptions {
  /** The operator's list. Everything else must be public, https and on port 443. */
  readonly allow: readonly PrivateHost[]
  /** For a whole call, from the name to the last byte. Default 20,000. */
  readonly timeoutMs?: number | undefined
  /** Bound of an answer's body, on the wire and decompressed. Default 1,000,000. */
  readonly maxBytes?: number | undefined
  /** Bound of an answer's headers together. Default 16,384. */
  readonly maxHeaderBytes?: number | undefined
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined
  /** Default: a TCP socket. */
  readonly dial?: Dial | undefined
}

/** As for `fetch`; the bounds of one call may differ from the usual ones. */
export interface OutboundInit extends RequestInit {
  timeoutMs?: number
  maxBytes?: number
}

/** The only door out of the service. */
export interface Outbound {
  /**
   * Calls a URL and reads the whole answer, like `fetch`, with these differences: the address must
   * be allowed at every stage; the request is written at most once; redirects are never followed (a
   * 3xx is an answer, or with `redirect: 'error'` a failure); time and sizes are bounded; the body
   * is there, decompressed, when the promise resolves; environment variables for proxies are ignored.
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
  checkUrl(url: string | URL): void
  /** Waits for the calls under way, and ends the idle connections. */
  close(): Promise<void>
}

const defaults = { timeoutMs: 20_000, maxBytes: 1_000_000, maxHeaderBytes: 16_384 }
const maxConnectionsPerOrigin = 64

/** @throws TypeError for an entry of `allow` that means nothing or that nobody may list */
export function createOutbound(options: OutboundOptions): Outbound {
  const timeoutMs = options.timeoutMs ?? defaults.timeoutMs
  const maxBytes = options.maxBytes ?? defaults.maxBytes
  const policy = createPolicy(options.allow)
  const { lookup = resolveName, dial = dialTcp } = options
  const agentOptions: Agent.Options = {
    connect: createConnector({ policy, lookup, dial, timeoutMs }),
    connections: maxConnectionsPerOrigin,
    maxHeaderSize: options.maxHeaderBytes ?? defaults.maxHeaderBytes,
    // The deadline of the whole call stands in for both.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  // A kept connection can be closed by the other side just as we write to it. For a read that is a
  // nuisance; for a refresh token it would be a loss, so whatever changes something gets a new one.
  const keeping = new Agent(agentOptions)
  const fresh = new Agent({ ...agentOptions, pipelining: 0 })
  let closing: Promise<unknown> | undefined

  return {
    async fetch(input, init = {}) {
      const url = policy.check(parseUrl(input))
      const request = await buildRequest(url, init)
      const bounds = {
        timeoutMs: init.timeoutMs ?? timeoutMs,
        maxBytes: init.maxBytes ?? maxBytes,
        signal: init.signal,
      }
      const agent = isRead(request.method) ? keeping : fresh
      const answer = await exchange(agent, request, bounds)
      if (init.redirect === 'error' && isRedirect(answer.status)) {
        throw new OutboundError('redirect', { host: url.host, notSent: false })
      }
      return toResponse(answer, { host: url.host, maxBytes: bounds.maxBytes })
    },

    checkUrl(input) {
      policy.check(parseUrl(input))
    },

    close() {
      closing ??= Promise.all([keeping.close(), fresh.close()])
      return closing.then(() => {})
    },
  }
}

function parseUrl(input: string | URL): URL {
  if (URL.canParse(String(input))) return new URL(input)
  throw new OutboundError('refused_url', { host: 'unknown', notSent: true, detail: 'not a URL' })
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304
}
