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
  /** Longer than the 60 s for which proxies usually keep a connection, so that they close it first. */
  keepAliveTimeout: 65_000,
  /** How often the first two are checked. */
  connectionsCheckingInterval: 2_000,
  /**
   * Milliseconds without a byte in either direction, so that a client that reads nothing is disconnected.
   * Streams send something every few seconds, and no call takes so long.
   */
  silenceTimeout: 180_000,
  /** Bytes of all headers together; Node answers more with 431. */
  maxHeaderSize: 16_384,
}

/** Listens, and passes each request to the service with the address of its client. */
export function openServer(
  keywell: Pick<KeywellService, 'fetch'>,
  options: {
    host: string
    port: number
    /** Proxies of ours that every request passes; see `clientAddress`. */
    proxies: number
    timeouts?: Timeouts
    /** Connections at once. Further ones get 503; those beyond a tenth more are closed without an answer. */
    maxConnections: number
    /** Called once, when requests seem to pass a proxy that `proxies` does not count. */
    onUncountedProxy?: (seen: { address: string | undefined }) => void
  },
  onListening: (address: AddressInfo) => void,
): Server {
  const { maxConnections, proxies } = options
  const { silenceTimeout, ...serverOptions } = options.timeouts ?? timeouts
  let connections = 0
  let onUncountedProxy = proxies === 0 ? options.onUncountedProxy : undefined

  /** All clients of a proxy that is not counted share one address, and its limits. */
  function lookForProxy({ headers, socket }: IncomingMessage): void {
    if (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined) return
    onUncountedProxy?.({ address: socket.remoteAddress })
    onUncountedProxy = undefined
  }

  const server = serve(
    {
      fetch: async (request, env) => {
        // The server is one of HTTP/1.1: see `createHttpOptions` of the package.
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

/** The answer to a client beyond the limit of connections. Its request is not read. */
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
