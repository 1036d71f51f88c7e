import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { changeKeysSchema, streamIdHeader, streamIdSchema } from '@keywell/protocol'
import type { ChangeFeed } from '../changes/feed.ts'
import type { ChangeSigner } from '../changes/signer.ts'
import { createRouter, type Environment } from './context.ts'
import type { KeyStreams } from './key-streams.ts'

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
}): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(stream, (c) => {
    const headers = c.req.valid('header')
    const body = parts.feed.stream({
      lastEventId: headers['last-event-id'],
      stream: headers[streamIdHeader],
      signal: c.req.raw.signal,
    })
    const held = parts.keyStreams.hold(c.get('access'), body, { atEnd: 'close' })
    return c.body(held, 200, eventStreamHeaders)
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
