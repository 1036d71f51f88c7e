import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
export interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** A provider at an address of its own, that remembers what it was sent. */
export class Provider {
  readonly seen: Seen[] = []
  answer: (request: Seen) => Answer = () => ({})
  origin = ''
  stop: () => void = () => {}

  async start(): Promise<this> {
    const server = createServer(async (request, response) => {
      const { method = '', url: path = '', headers } = request
      const seen: Seen = { method, path, headers, body: await text(request) }
      this.seen.push(seen)
      const { status = 200, headers: own = {}, body = 'ok' } = this.answer(seen)
      response.writeHead(status, own).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo // listening on TCP, hence no string
    this.origin = `http://127.0.0.1:${port}`
    this.stop = () => {
      server.close()
      server.closeAllConnections()
    }
    return this
  }
}
