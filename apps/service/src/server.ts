import type { Server, ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type HttpBindings, serve } from '@hono/node-server'
import type { KeywellService } from '@keywell/server'
import { clientAddress } from './client-address.ts'

/**
 * How long the service waits for a client, and for how much. A client that sends a byte now and then
 * holds a socket for these times and no longer; streams that we send are not concerned.
 */
export const patience: ServerOptions = {
  /** Milliseconds from the first byte to the end of the headers. */
  headersTimeout: 10_000,
  /** To the end of the body, which has 64 KB at most. */
  requestTimeout: 30_000,
  /** Longer than the 60 s for which proxies usually keep a connection: they are to close it first. */
  keepAliveTimeout: 65_000,
  /** How often the first two are looked at. */
  connectionsCheckingInterval: 2_000,
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
    patience?: ServerOptions
  },
  onListening: (address: AddressInfo) => void,
): Server {
  const server = serve(
    {
      fetch: (request, env) => {
        // Ours is a server of HTTP/1.1: see `createHttpOptions` of the package.
        const { incoming } = env as HttpBindings
        return keywell.fetch(request, { address: clientAddress(incoming, options.proxies) })
      },
      hostname: options.host,
      port: options.port,
      serverOptions: options.patience ?? patience,
    },
    onListening,
  )
  return server as Server // for the same reason
}
