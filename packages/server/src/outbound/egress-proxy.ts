import { request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import type { Secret } from '@keywell/protocol'
import { ConnectFailure } from './connect-failure.ts'
import { literalAddress } from './private-hosts.ts'

/** An HTTP proxy through which calls leave, by `CONNECT`. */
export interface EgressProxy {
  /** `http://proxy.corp:3128`. TLS to the target runs inside, from end to end. */
  readonly origin: string
  /** `user:password`, sent to the proxy alone. */
  readonly credentials?: Secret | undefined
}

/** Headers of a proxy's answer together, in bytes. */
const maxHeaderBytes = 16_384

export interface ParsedProxy {
  /** A name or an address. */
  readonly hostname: string
  readonly port: number
  readonly credentials: Secret | undefined
}

/** @throws TypeError for an origin that is none, or not plain http; it is not repeated, for it may hold a password */
export function parseProxy({ origin, credentials }: EgressProxy): ParsedProxy {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  if (url === undefined || url.protocol !== 'http:' || url.href !== `${url.origin}/`) {
    throw new TypeError('The egress proxy is not named like http://proxy.corp:3128')
  }
  const hostname = literalAddress(url) ?? url.hostname
  return { hostname, port: Number(url.port) || 80, credentials }
}

/**
 * Asks a proxy, over a socket that has just been connected to it, to go on to a target. Afterwards the
 * socket is one to the target. Causes are made here: a parser's error holds the bytes that came.
 *
 * @param target `gitlab.com:443`
 * @throws ConnectFailure `refused_by_proxy` when it says no, `unreachable` when it or the target failed
 */
export function openTunnel(
  socket: Socket,
  target: string,
  { credentials }: Pick<ParsedProxy, 'credentials'>,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (reason: 'unreachable' | 'refused_by_proxy', what: string) => {
      socket.destroy()
      reject(new ConnectFailure(reason, new Error(`the egress proxy ${what}`)))
    }
    const request = httpRequest({
      createConnection: () => socket,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization(credentials) },
      maxHeaderSize: maxHeaderBytes,
    })
    // Node takes every answer to a CONNECT for one of these, whatever its status.
    request.once('connect', ({ statusCode = 0 }, _, early) => {
      const what = `answered ${statusCode}`
      if (statusCode >= 500) fail('unreachable', what)
      else if (statusCode < 200 || statusCode >= 300) fail('refused_by_proxy', what)
      // Before we have spoken the target has nothing to say, so these bytes are the proxy's own.
      else if (early.length > 0) fail('unreachable', 'speaks for the target')
      else resolve(socket)
    })
    request.on('error', () => fail('unreachable', 'gave no answer'))
    request.end()
  })
}

function authorization(credentials: Secret | undefined): Record<string, string> {
  if (credentials === undefined) return {}
  const encoded = Buffer.from(credentials.expose()).toString('base64')
  return { 'proxy-authorization': `Basic ${encoded}` }
}
