/** Streamable HTTP for one user, on this machine: every request has the bearer. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { Secret } from '@keywell/protocol'
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  type McpServerFactory,
  originValidationResponse,
} from '@modelcontextprotocol/server'
import type { ServerSettings } from './settings.ts'

const path = '/mcp'
const maxBodyBytes = 1_048_576

export interface HttpServer {
  readonly url: string
  readonly token: Secret
  close(): Promise<void>
}

export async function serveHttp(
  factory: McpServerFactory,
  {
    host,
    port,
    token = new Secret(randomBytes(32).toString('base64url')),
  }: NonNullable<ServerSettings['http']>,
): Promise<HttpServer> {
  const handler = createMcpHandler(factory, {
    maxRequestBodySize: maxBodyBytes,
    // Nothing is announced here, so that nothing is subscribed to.
    maxSubscriptions: 0,
  })
  const expected = Buffer.from(`Bearer ${token.expose()}`)
  const answer = async (request: Request): Promise<Response> =>
    refusal(request, host, expected) ?? (await handler.fetch(request))
  const { server, address } = await listen(answer, host, port)
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}${path}`,
    token,
    async close() {
      await handler.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listen(fetch: (request: Request) => Promise<Response>, hostname: string, port: number) {
  return new Promise<{ server: ReturnType<typeof serve>; address: AddressInfo }>(
    (resolve, reject) => {
      const server = serve({ fetch, hostname, port }, (address) => resolve({ server, address }))
      server.once('error', reject)
    },
  )
}

/** A page in a browser must not get here by a name that it had pointed to this machine. */
function refusal(request: Request, host: string, expected: Buffer): Response | undefined {
  const names = [...localhostAllowedHostnames(), host]
  const refused =
    hostHeaderValidationResponse(request, names) ??
    originValidationResponse(request, localhostAllowedOrigins())
  if (refused !== undefined) return refused
  if (new URL(request.url).pathname !== path) return new Response(null, { status: 404 })
  const given = Buffer.from(request.headers.get('authorization') ?? '')
  if (given.length === expected.length && timingSafeEqual(given, expected)) return undefined
  return new Response(null, { status: 401, headers: { 'www-authenticate': 'Bearer' } })
}
