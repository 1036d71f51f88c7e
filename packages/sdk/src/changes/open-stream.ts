import type { ClientRequest, IncomingMessage } from 'node:http'

export interface OpenedStream {
  readonly status: number
  readonly contentType: string
  readonly bytes: AsyncIterable<Uint8Array>
}
export type OpenStream = (
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
) => Promise<OpenedStream>

/** Opens a stream with `fetch`. While it is open, it keeps a Node process alive. */
export function streamByFetch(fetch: typeof globalThis.fetch): OpenStream {
  return async (url, headers, signal) => {
    const response = await fetch(url, { headers, signal, redirect: 'manual' })
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      bytes: response.body ?? emptyBytes(),
    }
  }
}

async function* emptyBytes(): AsyncGenerator<Uint8Array, void, void> {}

/**
 * Opens a stream that lets the process end: a script that reads one credential must not hang on it.
 * `fetch` has no way to say so; a socket of `node:http` does. Undefined where there is no Node.
 */
export function streamByNode(): OpenStream | undefined {
  const http = globalThis.process?.getBuiltinModule?.('node:http')
  const https = globalThis.process?.getBuiltinModule?.('node:https')
  if (http === undefined || https === undefined) return undefined
  return (url, headers, signal) => {
    const { get } = url.protocol === 'https:' ? https : http
    return opened(get(url, { headers, signal, agent: false }))
  }
}

function opened(request: ClientRequest): Promise<OpenedStream> {
  return new Promise((resolve, reject) => {
    request.on('socket', (socket) => socket.unref())
    request.on('error', reject)
    request.on('response', (response: IncomingMessage) => {
      resolve({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        bytes: response,
      })
    })
  })
}
