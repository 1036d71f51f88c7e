import type { IncomingMessage, Server, ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HttpBindings, serve } from '@hono/node-server'
import { KeywellError, type KeywellService } from '@keywell/server'
import { clientAddress } from './client-address.ts'

interface Timeouts extends ServerOptions {
  silenceTimeout: number
}

/**
 * Limits of one client connection. A client that sends a byte now and then holds a socket for these times and
 * no longer. Only the last one concerns streams that the service sends.
 */
export const timeouts: Timeouts = {
  /** Milliseconds from the first byte to the end of the headers. */
  headersTimeout: 10_000,
  /** To the end of the body, which has 64 KB at most. */
  requestTimeout: 30_000,
  /** Longer than the 60 s for which proxies usually keep a connection: they are to close it first. */
  keepAliveTimeout: 65_000,
  /** How often the first two are looked at. */
  connectionsCheckingInterval: 2_000,
  /**
   * Milliseconds without a byte either way: it ends whoever takes nothing of what we send. Streams send
   * something every few seconds, and no call takes so long.
   */
  silenceTimeout: 180_000,
  /** Bytes of all headers together; Node answers more with 431. */
  maxHeaderSize: 16_384,
}

/** Listens, and tells the service whose each request is. */
export function openServer(
  keywell: Pick<KeywellService, 'fetch'>,
  options: {
    host: string
    port: number
    /** Proxies of ours that every request passes; see `clientAddress`. */
    proxies: number
    timeouts?: Timeouts
    /** Connections at once. Those beyond are answered 503; a tenth more than that are closed unheard. */
    maxConnections: number
    /** Called once, when a proxy that is not counted seems to stand before the service. */
    onUncountedProxy?: (seen: { address: string | undefined }) => void
  },
  onListening: (address: AddressInfo) => void,
): Server {
  const { maxConnections, proxies } = options
  const { silenceTimeout, ...serverOptions } = options.timeouts ?? timeouts
  let connections = 0
  let onUncountedProxy = proxies === 0 ? options.onUncountedProxy : undefined

  /** Then all clients of that proxy share one address, and its limits. */
  function lookForProxy({ headers, socket }: IncomingMessage): void {
    if (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined) return
    onUncountedProxy?.({ address: socket.remoteAddress })
    onUncountedProxy = undefined
  }

  const server = serve(
    {
      fetch: async (request, env) => {
        // Ours is a server of HTTP/1.1: see `createHttpOptions` of the package.
        const { incoming } = env as HttpBindings
        if (connections > maxConnections && new URL(request.url).pathname !== '/livez')
          return full()
        if (onUncountedProxy !== undefined) lookForProxy(incoming)
        return keywell.fetch(request, { address: clientAddress(incoming, proxies) })
      },
      hostname: options.host,
      port: options.port,
      serverOptions,
    },
    onListening,
  )
  const http = server as Server // for the same reason
  http.maxConnections = Math.ceil(maxConnections * 1.1)
  http.timeout = silenceTimeout
  http.on('connection', (socket) => {
    connections += 1
    socket.once('close', () => {
      connections -= 1
    })
  })
  return http
}

/** Why a client is sent away: no request of it is looked at. */
function full(): Response {
  const error = new KeywellError('unavailable', 'The service has too many connections.', {
    retryAfterMs: 1_000,
  })
  return new Response(JSON.stringify(error.toProblem()), {
    status: error.status,
    headers: {
      'content-type': 'application/problem+json',
      'retry-after': '1',
      connection: 'close',
    },
  })
}
