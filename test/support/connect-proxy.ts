import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** An HTTP proxy on loopback that knows `CONNECT` and nothing else. */
export interface ConnectProxy {
  readonly origin: string
  readonly port: number
  /** What it was asked for, in the order of arrival: `gitlab.com:443`. */
  readonly targets: string[]
  /** The `Proxy-Authorization` of each. */
  readonly authorizations: (string | undefined)[]
  /** All that came from its clients, what they sent through tunnels included. */
  received: string
  connections: number
  close(): Promise<void>
}

/** @param lead where a target is, in place of looking its name up; or the status that it gets instead */
export async function startConnectProxy(
  lead: (target: string) => { port: number } | { status: number },
): Promise<ConnectProxy> {
  const sockets = new Set<Socket>()
  const server = createServer((_, response) => response.writeHead(405).end())
  server.on('connection', (socket: Socket) => {
    proxy.connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      proxy.received += chunk.toString('latin1')
    })
  })
  server.on('connect', (request, client: Socket) => {
    const target = request.url ?? ''
    proxy.targets.push(target)
    proxy.authorizations.push(request.headers['proxy-authorization'])
    const way = lead(target)
    if ('status' in way) {
      client.end(`HTTP/1.1 ${way.status} No\r\nContent-Length: 6\r\n\r\nnever!`)
      return
    }
    const upstream = connect({ host: '127.0.0.1', port: way.port }, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    sockets.add(upstream)
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listener on a TCP port has no path, so this is not a string.
  const { port } = server.address() as AddressInfo
  const proxy: ConnectProxy = {
    origin: `http://127.0.0.1:${port}`,
    port,
    targets: [],
    authorizations: [],
    received: '',
    connections: 0,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
