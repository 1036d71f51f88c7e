import { KeywellError } from '@keywell/protocol'

/** Longest body that is read, in bytes: a few ids. */
const maxBodyBytes = 10_000

/** Whether a browser loads a page before anybody asked for it. It drops an answer that is no success, and asks again. */
export function isPrefetch({ headers }: Request): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /^(prefetch|preview)/i.test(headers.get(name) ?? ''),
  )
}

/** Reads a JSON object; an empty body is an empty object. */
export async function readJson(request: Request): Promise<Record<string, unknown>> {
  const text = await readText(request)
  if (text === '') return {}
  const body = parse(text)
  if (isRecord(body)) return body
  throw new KeywellError('invalid_request', 'The body must be a JSON object.')
}

async function readText(request: Request): Promise<string> {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBodyBytes) {
      throw new KeywellError('payload_too_large', `The body has more than ${maxBodyBytes} bytes.`)
    }
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An answer of the handler; no answer of it is kept by a cache. */
export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } })
}

/** The one way in which the handler says no. */
export function problemResponse(error: KeywellError): Response {
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  }
  if (error.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1000))
  }
  return new Response(JSON.stringify(error.toProblem()), { status: error.status, headers })
}
