import { OutboundError } from './errors.ts'

/** A request in the form that undici's dispatchers take. */
export interface OutgoingRequest {
  readonly origin: string
  readonly path: string
  readonly method: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array | null
}

/** They decide about connection and framing, and `host` about the name that TLS checks. */
const ourHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Reads a request the way `fetch` does, with the body in memory.
 *
 * @throws OutboundError `refused_request`, without a cause: the platform's own error quotes the
 *   value of a bad header, and that may be a token
 */
export async function buildRequest(url: URL, init: RequestInit): Promise<OutgoingRequest> {
  const refusal = (detail: string) =>
    new OutboundError('refused_request', { host: url.host, notSent: true, detail })

  const request = await readRequest(url, init).catch(() => {
    throw refusal('not a valid method, header or body')
  })
  const ours = Object.keys(request.headers).find((name) => ourHeaders.has(name))
  if (ours !== undefined) throw refusal(`the header ${ours} cannot be set`)
  return request
}

async function readRequest(url: URL, init: RequestInit): Promise<OutgoingRequest> {
  const request = new Request(url, { ...init, redirect: 'manual' })
  return {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: {
      accept: '*/*',
      'accept-encoding': 'gzip, br',
      'user-agent': 'keywell',
      ...Object.fromEntries(request.headers),
    },
    body: request.body === null ? null : new Uint8Array(await request.arrayBuffer()),
  }
}
