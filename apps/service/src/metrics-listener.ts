import { type ServerType, serve } from '@hono/node-server'
import type { KeywellService } from '@keywell/server'

/** Names that a browser cannot be made to call with another site's page behind it. */
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * `GET /metrics` for a collector beside the service, which needs no API key for it. It can be reached from
 * this machine alone, and not through a name that was pointed at it.
 */
export function listenForMetrics(
  { metrics }: Pick<KeywellService, 'metrics'>,
  { port, onListening }: { port: number; onListening?: (address: { port: number }) => void },
): ServerType {
  return serve({ fetch: answer, hostname: '127.0.0.1', port }, onListening)

  async function answer(request: Request): Promise<Response> {
    const { hostname, pathname } = new URL(request.url)
    if (!loopback.has(hostname)) return refuse(403, 'Ask for it as 127.0.0.1.')
    if (pathname !== '/metrics' || request.method !== 'GET') return refuse(404, 'GET /metrics')
    const { contentType, text } = await metrics()
    return new Response(text, {
      headers: { 'content-type': contentType, 'cache-control': 'no-store' },
    })
  }
}

function refuse(status: number, text: string): Response {
  return new Response(`${text}\n`, { status })
}
