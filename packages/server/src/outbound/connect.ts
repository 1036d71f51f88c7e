import { lookup as systemLookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { ConnectFailure } from './connect-failure.ts'
import { openTunnel, type ParsedProxy } from './egress-proxy.ts'
import type { Policy } from './policy.ts'

/** All addresses of a name, the preferred one first. */
export type Lookup = (hostname: string) => Promise<readonly string[]>

/** Begins a TCP connection to an address. */
export type Dial = (peer: { address: string; port: number }) => Socket

export const resolveName: Lookup = async (hostname) => {
  const answers = await systemLookup(hostname, { all: true })
  return answers.map((answer) => answer.address)
}

export const dialTcp: Dial = ({ address, port }) => connectTcp({ host: address, port })

interface Options {
  readonly policy: Policy
  readonly lookup: Lookup
  readonly dial: Dial
  /** Takes every call but those to hosts that have networks of their own in the operator's list. */
  readonly proxy: ParsedProxy | undefined
  /** For names, TCP and TLS together. */
  readonly timeoutMs: number
}

/**
 * Opens the sockets of undici. Every address that a name has must pass, the socket is handed one of
 * them, and its peer must pass once more before a byte is written. (undici's own `connect.lookup`
 * is not called for address literals, so a filter there would let them through.)
 */
export function createConnector(options: Options): buildConnector.connector {
  const tls = new Map<string | undefined, buildConnector.connector>()

  function tlsFor(ca: string | undefined): buildConnector.connector {
    // Said in words, for without them a variable of the environment could switch the check off.
    const options = { timeout: 0, rejectUnauthorized: true, ...(ca && { ca }) }
    const made = tls.get(ca) ?? buildConnector(options)
    tls.set(ca, made)
    return made
  }

  return (target, callback) => {
    const origin = `${target.protocol}//${target.host ?? target.hostname}`
    const deadline = AbortSignal.timeout(options.timeoutMs)
    openSocket(origin, target, deadline, options)
      .then((socket) => {
        if (target.protocol !== 'https:') return socket
        const upgrade = tlsFor(options.policy.certificateAuthorities(origin))
        return startTls(upgrade, target, deadline, socket)
      })
      .then(
        (socket) => callback(null, socket),
        (error: unknown) => callback(asFailure(error), null),
      )
  }
}

async function openSocket(
  origin: string,
  target: buildConnector.Options,
  deadline: AbortSignal,
  options: Options,
): Promise<Socket> {
  const { proxy, policy } = options
  const route = policy.routeTo(origin)
  const peer = { hostname: target.hostname, port: portOf(target) }
  if (proxy === undefined || route === 'direct') {
    return openDirect(origin, peer, deadline, options)
  }
  // The same error as of a proxy that refuses, so that a caller cannot learn what is listed.
  if (route === 'withheld') throw new ConnectFailure('refused_by_proxy')
  return openThrough(proxy, peer, deadline, options)
}

interface Peer {
  readonly hostname: string
  readonly port: number
}

async function openDirect(
  origin: string,
  { hostname, port }: Peer,
  deadline: AbortSignal,
  { policy, lookup, dial }: Options,
): Promise<Socket> {
  const addresses = await inTime(deadline, allAddresses(hostname, lookup))
  const [address] = addresses
  if (address === undefined) throw new ConnectFailure('unreachable')
  if (!addresses.every((each) => policy.permits({ origin, address: each }))) {
    throw new ConnectFailure('refused_address')
  }
  const socket = await connected(dial({ address, port }), deadline)
  if (!policy.permits({ origin, address: socket.remoteAddress ?? '' })) {
    socket.destroy()
    throw new ConnectFailure('refused_address')
  }
  return socket.setNoDelay(true)
}

/** The proxy looks names up, so it alone knows addresses. Its own was named by the operator. */
async function openThrough(
  proxy: ParsedProxy,
  { hostname, port }: Peer,
  deadline: AbortSignal,
  { lookup, dial }: Options,
): Promise<Socket> {
  const [address] = await inTime(deadline, allAddresses(proxy.hostname, lookup))
  if (address === undefined) throw new ConnectFailure('unreachable')
  const socket = await connected(dial({ address, port: proxy.port }), deadline)
  const target = isIP(hostname) === 6 ? `[${hostname}]:${port}` : `${hostname}:${port}`
  await orDestroyed(socket, inTime(deadline, openTunnel(socket, target, proxy)))
  return socket.setNoDelay(true)
}

function portOf({ port, protocol }: buildConnector.Options): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}

async function allAddresses(hostname: string, lookup: Lookup): Promise<readonly string[]> {
  return isIP(hostname) === 0 ? lookup(hostname) : [hostname]
}

function connected(socket: Socket, deadline: AbortSignal): Promise<Socket> {
  // Stays for the life of the socket: an error between two owners must not end the process.
  socket.on('error', () => {})
  const done = new Promise<Socket>((resolve, reject) => {
    socket.once('connect', () => resolve(socket)).once('error', reject)
  })
  return orDestroyed(socket, inTime(deadline, done))
}

function startTls(
  upgrade: buildConnector.connector,
  target: buildConnector.Options,
  deadline: AbortSignal,
  socket: Socket,
): Promise<Socket> {
  const done = new Promise<Socket>((resolve, reject) => {
    upgrade({ ...target, httpSocket: socket }, (error, encrypted) => {
      if (error === null) resolve(encrypted)
      else reject(new ConnectFailure('tls', error))
    })
  })
  return orDestroyed(socket, inTime(deadline, done))
}

async function orDestroyed(socket: Socket, work: Promise<Socket>): Promise<Socket> {
  try {
    return await work
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function inTime<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new ConnectFailure('timeout'))
    if (deadline.aborted) late()
    deadline.addEventListener('abort', late, { once: true })
    work.then(resolve, reject).finally(() => deadline.removeEventListener('abort', late))
  })
}

function asFailure(error: unknown): ConnectFailure {
  return error instanceof ConnectFailure ? error : new ConnectFailure('unreachable', error)
}
