/**
 * `connectHandler` for `node:http` and Express:
 *
 *     app.use('/api/keywell', toNodeHandler(keywell, (req) => ({ tenantId: req.org, userId: req.user })))
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { KeywellError } from '@keywell/protocol'
import type { SignedIn } from './handler/connect-handler.ts'
import { problemResponse } from './handler/request.ts'
import type { Keywell } from './keywell.ts'

/** A request as Express has it: `url` may be shortened, and the body may be parsed already. */
export interface NodeRequest extends IncomingMessage {
  originalUrl?: string
  body?: unknown
}

export type NodeHandler<Req extends NodeRequest> = (
  request: Req,
  response: ServerResponse,
  next?: (error: unknown) => void,
) => void

/**
 * @param who names the user who is signed in; undefined or null: nobody is, and the answer is 401.
 *   Pass `origin` in it when a proxy ends TLS before this process.
 */
export function toNodeHandler<Req extends NodeRequest>(
  keywell: Keywell,
  who: (request: Req) => SignedIn | null | undefined | Promise<SignedIn | null | undefined>,
): NodeHandler<Req> {
  const serve = async (request: Req, response: ServerResponse): Promise<void> => {
    const signedIn = await who(request)
    const answer = signedIn
      ? await keywell.connectHandler(toWebRequest(request), signedIn)
      : problemResponse(nobody())
    await send(answer, response)
  }
  return (request, response, next) => {
    serve(request, response).catch((error: unknown) => {
      if (next !== undefined) return next(error)
      // Nobody else can answer. What happened is for the app's log, not for the browser.
      if (!response.headersSent) response.statusCode = 500
      response.end()
    })
  }
}

function nobody(): KeywellError {
  return new KeywellError('unauthorized', 'Nobody is signed in.', {
    nextStep: 'Sign in at the app first.',
  })
}

function toWebRequest(request: NodeRequest): Request {
  const isEncrypted = 'encrypted' in request.socket && request.socket.encrypted === true
  const origin = `${isEncrypted ? 'https' : 'http'}://${request.headers.host ?? 'localhost'}`
  const url = new URL(request.originalUrl ?? request.url ?? '/', origin)
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  const method = request.method ?? 'GET'
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers })
  return new Request(url, { method, headers, ...bodyOf(request) })
}

function bodyOf(request: NodeRequest): RequestInit {
  if (request.body !== undefined) return { body: JSON.stringify(request.body) }
  // The same stream under two names: Node declares its web streams apart from the global ones.
  const body = Readable.toWeb(request) as ReadableStream
  const init: RequestInit & { duplex: 'half' } = { body, duplex: 'half' }
  return init
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  response.statusCode = answer.status
  answer.headers.forEach((value, name) => {
    response.setHeader(name, value)
  })
  if (answer.body === null) response.end()
  // As above: one stream, two names.
  else await pipeline(Readable.fromWeb(answer.body as NodeReadableStream), response)
}
