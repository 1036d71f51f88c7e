/**
 * `connectHandler` for `node:http`, `node:http2` and Express:
 *
 *     app.use('/api/keywell', toNodeHandler(keywell, (req) => ({ tenantId: req.org, userId: req.user })))
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { serve, type Who } from './handler/signed-in.ts'
import type { Keywell } from './keywell.ts'

/** A request as frameworks have it: `url` may be shortened, and the body may be read already. */
export interface NodeRequest extends IncomingMessage {
  originalUrl?: string
  body?: unknown
}

/** The same over HTTP/2. */
export interface Http2Request extends Http2ServerRequest {
  originalUrl?: string
  body?: unknown
}

export type NodeHandler<Req extends NodeRequest | Http2Request> = (
  request: Req,
  response: ServerResponse | Http2ServerResponse,
  next?: (error: unknown) => void,
) => void

/**
 * An error, such as one that `who` throws, is passed to `next`. Without `next`, as under `node:http`, the answer is an
 * empty 500 and the error is a process warning.
 *
 * @param who names the user who is signed in; undefined or null: nobody is, and the answer is 401
 */
export function toNodeHandler<Req extends NodeRequest | Http2Request = NodeRequest>(
  keywell: Keywell,
  who: Who<Req>,
): NodeHandler<Req> {
  const answer = async (
    request: Req,
    response: ServerResponse | Http2ServerResponse,
  ): Promise<void> => {
    const signedIn = await who(request)
    await send(await serve(keywell, () => toWebRequest(request), signedIn), response)
  }
  return (request, response, next) => {
    answer(request, response).catch((error: unknown) => {
      if (next !== undefined) return next(error)
      // No other handler can answer, and the browser gets no details: the developer finds them in the process.
      process.emitWarning(error instanceof Error ? error : String(error))
      if (!response.headersSent) response.statusCode = 500
      response.end()
    })
  }
}

/** Says nothing: where the app is, its settings say, and a request is not asked. */
const nowhere = 'http://app.invalid'

/** @param body as a framework has read it; default: `request.body` */
export function toWebRequest(
  request: NodeRequest | Http2Request,
  body: unknown = request.body,
): Request {
  const url = urlOf(request.originalUrl ?? request.url ?? '/')
  const headers = headersOf(request)
  const method = request.method ?? 'GET'
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers })
  return new Request(url, { method, headers, ...bodyOf(request, body) })
}

/** Path and query of a request target, which a client may write as a whole URL. */
function urlOf(target: string): URL {
  const url = target.startsWith('/') ? nowhere + target : target
  return new URL(URL.canParse(url) ? url : nowhere)
}

function headersOf(request: NodeRequest | Http2Request): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    // HTTP/2 has method, path and authority among its headers.
    if (name.startsWith(':')) continue
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  return headers
}

/**
 * The body, read by others already or not. A parser that was not concerned leaves an empty object, and the
 * stream untouched; then what counts is the stream.
 */
function bodyOf(request: NodeRequest | Http2Request, body: unknown): RequestInit {
  const isAbsent = body === undefined || body === null
  const isRead = request.readableDidRead || request.readableEnded
  if (!isRead && (isAbsent || isEmpty(body))) return streamOf(request)
  if (isAbsent) {
    // It came to its end without a byte.
    if (!request.readableDidRead) return {}
    throw new TypeError(
      'connectHandler: the body was read before, and is not there as `request.body`. Mount the handler before what reads it, or keep it there.',
    )
  }
  if (typeof body === 'string') return { body }
  // Copied, since the type of a foreign view says nothing about the memory that it stands on.
  if (body instanceof Uint8Array) return { body: Uint8Array.from(body) }
  return { body: JSON.stringify(body) }
}

function isEmpty(body: unknown): boolean {
  if (typeof body === 'string' || body instanceof Uint8Array) return body.length === 0
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0
}

function streamOf(request: NodeRequest | Http2Request): RequestInit {
  // The same stream under two names: Node declares its web streams apart from the global ones.
  const body = Readable.toWeb(request) as ReadableStream
  const init: RequestInit & { duplex: 'half' } = { body, duplex: 'half' }
  return init
}

/** Answers are a page, a few lines of JSON, or events, which are sent as they come. */
async function send(
  answer: Response,
  response: ServerResponse | Http2ServerResponse,
): Promise<void> {
  const events = eventsOf(answer)
  const body = events ?? (await answer.text())
  response.statusCode = answer.status
  answer.headers.forEach((value, name) => {
    response.setHeader(name, value)
  })
  if (typeof body === 'string') response.end(body)
  else await pipeline(body, response).catch(() => {}) // its reader has left
}

/** The body of an answer that has no end of its own; undefined for every other. */
export function eventsOf({ headers, body }: Response): Readable | undefined {
  const isEvents = headers.get('content-type')?.startsWith('text/event-stream') === true
  // The same stream under two names: Node declares its web streams apart from the global ones.
  return isEvents && body !== null ? Readable.fromWeb(body as NodeReadableStream) : undefined
}
