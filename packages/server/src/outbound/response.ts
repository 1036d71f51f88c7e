import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import { OutboundError } from './errors.ts'
import type { Answer } from './exchange.ts'

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
}
const nullBodyStatuses: readonly number[] = [204, 205, 304]

interface Bounds {
  readonly host: string
  /** Of the decompressed body; nothing beyond is ever produced. */
  readonly maxBytes: number
}

/** @throws OutboundError `too_large` or `bad_answer`, never `notSent` */
export async function toResponse(answer: Answer, bounds: Bounds): Promise<Response> {
  const encoding = String(answer.headers['content-encoding'] ?? '')
  const body = await decompress(answer.body, encoding.trim().toLowerCase(), bounds)
  try {
    const headers = readHeaders(answer)
    const noBody = nullBodyStatuses.includes(answer.status)
    return new Response(noBody ? null : new Uint8Array(body), { status: answer.status, headers })
  } catch {
    // A status that HTTP doesn't have, or a header that the platform refuses and would quote.
    throw new OutboundError('bad_answer', { host: bounds.host, notSent: false })
  }
}

async function decompress(
  body: Uint8Array,
  encoding: string,
  { host, maxBytes }: Bounds,
): Promise<Uint8Array> {
  if (body.length === 0 || encoding === '' || encoding === 'identity') return body
  if (!isKnown(encoding)) throw new OutboundError('bad_answer', { host, notSent: false })
  try {
    return await decoders[encoding](body, { maxOutputLength: maxBytes })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const reason = code === 'ERR_BUFFER_TOO_LARGE' ? 'too_large' : 'bad_answer'
    throw new OutboundError(reason, { host, notSent: false })
  }
}

function isKnown(encoding: string): encoding is keyof typeof decoders {
  return Object.hasOwn(decoders, encoding)
}

/** Without the headers that tell of the body as it was on the wire. */
function readHeaders(answer: Answer): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name === 'content-encoding' || name === 'content-length' || value === undefined) continue
    for (const each of [value].flat()) headers.append(name, each)
  }
  return headers
}
