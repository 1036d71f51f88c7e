/** A model at the addresses of its vendors' APIs, that follows a script and keeps what it was sent. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Body, type ModelApi, type ModelEvent, modelApis } from './model-apis.ts'
import type { Script, Turn } from './script.ts'

export interface ModelServer {
  readonly url: string
  /** Follows another script, and forgets what it was sent. */
  begin(script: Script): void
  /** Requests since then, with their headers. */
  received(): readonly string[]
  stop(): void
}

export async function startModel(): Promise<ModelServer> {
  let script: Script = () => ({ text: '' })
  let received: string[] = []
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      received.push(`failed: ${error}`)
      response.writeHead(400).end()
    })
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    received.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)} ${body}`)
    const { pathname } = new URL(request.url ?? '/', 'http://model')
    const api = modelApis.find((each) => each.isFor(pathname))
    if (request.method !== 'POST' || api === undefined) {
      response.writeHead(404).end()
      return
    }
    // What libraries send; a wrong shape is an error above.
    reply(api, pathname, JSON.parse(body) as Body, script, response)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    begin(next) {
      script = next
      received = []
    },
    received: () => received,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function reply(
  api: ModelApi,
  path: string,
  body: Body,
  script: Script,
  response: ServerResponse,
): void {
  const { results, tools, isStream } = api.read(body, path)
  // A library asks for a title or the like without tools.
  const turn = tools.length === 0 ? { text: 'Fine.' } : offered(script(results), tools)
  const id = `call_${results.length}`
  if (!isStream) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(api.answer(turn, id)))
    return
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(api.events(turn, id).map(lineOf).join(''))
}

/** The tool as the library has named it: some put the server's name before. */
function offered(turn: Turn, tools: readonly string[]): Turn {
  if ('text' in turn) return turn
  const { name, args } = turn.call
  const found = tools.find((each) => each === name || each.endsWith(`__${name}`))
  return found === undefined
    ? { text: `${name} is not among ${tools.join(', ')}` }
    : { call: { name: found, args } }
}

function lineOf({ event, data }: ModelEvent): string {
  const name = event === undefined ? '' : `event: ${event}\n`
  return `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}
