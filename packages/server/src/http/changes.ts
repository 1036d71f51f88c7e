import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { changeKeysSchema, streamIdHeader, streamIdSchema } from '@keywell/protocol'
import type { ChangeFeed } from '../changes/feed.ts'
import type { ChangeSigner } from '../changes/signer.ts'
import { createRouter, type Environment } from './context.ts'
import type { KeyStreams } from './key-streams.ts'
import type { StreamPlaces } from './stream-places.ts'

const stream = createRoute({
  method: 'get',
  path: '/',
  summary:
    'The change log as server-sent events: hello, change, flush, heartbeat; each a signed token',
  request: {
    headers: z.object({
      'last-event-id': z.string().max(1_000).optional(),
      [streamIdHeader]: streamIdSchema.optional(),
    }),
  },
  responses: {
    200: {
      content: { 'text/event-stream': { schema: z.string() } },
      description: 'A stream that ends with its API key',
    },
  },
})

const keys = createRoute({
  method: 'get',
  path: '/keys',
  summary:
    'The public keys of the change stream, as a JSON Web Key Set, and the issuer of its tokens',
  responses: {
    200: { content: { 'application/json': { schema: changeKeysSchema } }, description: 'The keys' },
  },
})

export function changeRoutes(parts: {
  feed: ChangeFeed
  signer: ChangeSigner
  keyStreams: KeyStreams
  streamPlaces: StreamPlaces
}): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(stream, (c) => {
    // Whoever asks for the headers alone would leave a stream that nobody reads.
    if (c.req.method === 'HEAD') return c.body(null, 200, eventStreamHeaders)
    const headers = c.req.valid('header')
    const access = c.get('access')
    const leave = parts.streamPlaces.ofKey(access.id)
    const asked = { lastEventId: headers['last-event-id'], stream: headers[streamIdHeader] }
    const tell = (ended: AbortSignal) => parts.feed.stream({ ...asked, signal: ended })
    const body = parts.keyStreams.hold(access, tell, { atEnd: 'close', leave })
    return c.body(body, 200, eventStreamHeaders)
  })
  router.openapi(keys, (c) => c.json(parts.signer.keys, 200))
  return router
}

/** Nothing on the way may hold events back. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const
