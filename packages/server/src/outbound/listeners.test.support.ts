import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** Real listeners on loopback, which end together. */
export interface Listeners {
  /** A TCP listener that does with its sockets whatever the test wants. */
  tcp(onSocket?: (socket: Socket) => void): Promise<Listener>
  http(onRequest: RequestListener): Promise<Listener>
  adopt(server: Server): Promise<Listener>
  close(): Promise<void>
}

export interface Listener {
  readonly port: number
  /** Origin with the address literal. */
  readonly origin: string
  /** How many connections there were. */
  connections: number
  /** Everything that came in, in the order of arrival. */
  received: string
}

export function listeners(): Listeners {
  const servers: Server[] = []
  const sockets = new Set<Socket>()

  async function adopt(server: Server): Promise<Listener> {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    // A listener on a TCP port has no path, so this is not a string.
    const { port } = server.address() as AddressInfo
    const listener: Listener = {
      port,
      origin: `http://127.0.0.1:${port}`,
      connections: 0,
      received: '',
    }
    server.on('connection', (socket: Socket) => {
      listener.connections += 1
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', (chunk: Buffer) => {
        listener.received += chunk.toString('latin1')
      })
    })
    return listener
  }

  return {
    adopt,
    tcp: (onSocket) => adopt(createServer(onSocket)),
    http: (onRequest) => adopt(createHttpServer(onRequest)),
    async close() {
      for (const socket of sockets) socket.destroy()
      const closing = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      await Promise.all(closing)
    },
  }
}
