import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Seen from the client of the proxy: `up` is what it sends, `down` what it gets. */
export type Direction = 'up' | 'down'

/**
 * What happens to the bytes of connections. All but `refuse` hold for those that are open, too.
 * - `pass`: as if the proxy were not there.
 * - `delay`: each piece arrives later by so many milliseconds, in order.
 * - `drop`: passes so many bytes in one direction, then cuts the connection in the middle.
 * - `swallow`: half-open: everything is taken and nothing arrives, in either direction, silently.
 * - `refuse`: new connections are reset at once, as by a port without a listener.
 */
export type Mode =
  | { kind: 'pass' }
  | { kind: 'delay'; ms: number }
  | { kind: 'drop'; direction: Direction; afterBytes: number }
  | { kind: 'swallow' }
  | { kind: 'refuse' }

export interface TcpProxy {
  port: number
  /** From now on. What was swallowed before stays lost. */
  set(mode: Mode): void
  /** Ends every open connection now: by a reset, or as a peer that says goodbye. Answers how many. */
  cut(how?: 'reset' | 'end'): number
  open(): number
  /** Bytes that were taken and lost. */
  swallowed(): number
  close(): Promise<void>
}

/** A small TCP proxy before a port of this machine: before Postgres, the provider or the service. */
export async function startTcpProxy(target: number | (() => number)): Promise<TcpProxy> {
  let mode: Mode = { kind: 'pass' }
  let swallowed = 0
  const swallow = (piece: Buffer) => {
    swallowed += piece.length
  }
  const links = new Set<Link>()

  const server = createServer((near) => {
    if (mode.kind === 'refuse') {
      near.resetAndDestroy()
      return
    }
    const far = connect(typeof target === 'number' ? target : target(), '127.0.0.1')
    const link: Link = { near, far, passed: { up: 0, down: 0 } }
    links.add(link)
    join(link, 'up', () => mode, swallow)
    join(link, 'down', () => mode, swallow)
    for (const socket of [near, far]) {
      // A reset on one side is a reset on the other.
      socket.on('error', () => reset(link))
      socket.once('close', () => links.delete(link))
    }
  })
  const port = await listen(server)

  return {
    port,
    set: (next) => {
      mode = next
      for (const link of links) link.passed = { up: 0, down: 0 }
    },
    cut(how = 'reset') {
      const open = [...links]
      for (const link of open) {
        if (how === 'reset') reset(link)
        else for (const socket of [link.near, link.far]) socket.destroySoon()
      }
      return open.length
    },
    open: () => links.size,
    swallowed: () => swallowed,
    close: async () => {
      for (const link of links) reset(link)
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Link {
  near: Socket
  far: Socket
  /** Bytes passed since the mode was set. */
  passed: Record<Direction, number>
}

/** Carries one direction of a link, piece by piece, under the mode of the moment. */
function join(
  link: Link,
  direction: Direction,
  currentMode: () => Mode,
  swallow: (piece: Buffer) => void,
): void {
  const [from, to] = direction === 'up' ? [link.near, link.far] : [link.far, link.near]
  const carry = (piece: Buffer): void => {
    const mode = currentMode()
    switch (mode.kind) {
      case 'pass':
      case 'refuse':
        to.write(piece)
        return
      case 'swallow':
        swallow(piece)
        return
      case 'delay':
        setTimeout(() => {
          if (to.writable) to.write(piece)
        }, mode.ms)
        return
      case 'drop':
        drop(link, direction, piece, mode, to)
        return
      default:
        mode satisfies never
    }
  }
  from.on('data', carry)
  from.once('end', () => {
    const mode = currentMode()
    // The end of a half-open connection reaches neither side.
    if (mode.kind === 'swallow') return
    if (mode.kind === 'delay') setTimeout(() => to.end(), mode.ms)
    else to.end()
  })
}

function drop(
  link: Link,
  direction: Direction,
  piece: Buffer,
  mode: Extract<Mode, { kind: 'drop' }>,
  to: Socket,
): void {
  if (direction !== mode.direction) {
    to.write(piece)
    return
  }
  const left = Math.max(0, mode.afterBytes - link.passed[direction])
  link.passed[direction] += piece.length
  if (piece.length <= left) {
    to.write(piece)
    return
  }
  // The goodbye waits for what was let through; a reset would overtake it.
  to.end(piece.subarray(0, left))
  link.near.destroySoon()
  link.far.destroySoon()
}

function reset({ near, far }: Link): void {
  for (const socket of [near, far]) if (!socket.destroyed) socket.resetAndDestroy()
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // A listening TCP server has an address of this form.
  return (server.address() as AddressInfo).port
}
