import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Stand-ins whose real hosts differ by a label, as `{shop}.acme.example` does, at one address: `/{shop}` there is the
 * stand-in of that shop. No name but `localhost` resolves on a machine without a network. A label that none has is
 * like a name that does not resolve: the connection ends without an answer.
 */
export async function startHostsAsPaths(
  urls: Readonly<Record<string, string>>,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const [, label = '', rest = ''] = /^\/([^/?]+)(.*)$/.exec(request.url ?? '') ?? []
    const origin = urls[label]
    if (origin === undefined) {
      request.socket.destroy()
      return
    }
    const { host, ...headers } = request.headers
    const onward = httpRequest(
      new URL(rest, origin),
      { method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    onward.on('error', () => request.socket.destroy())
    request.pipe(onward)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A listener on a TCP port has no path, so this is not a string.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
