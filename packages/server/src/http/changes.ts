import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { ChangeFeed } from '../changes/feed.ts'
import { createRouter, type Environment } from './context.ts'

const stream = createRoute({
  method: 'get',
  path: '/',
  summary: 'The change log as server-sent events: hello, change, flush',
  request: { headers: z.object({ 'last-event-id': z.string().max(1_000).optional() }) },
  responses: {
    200: {
      content: { 'text/event-stream': { schema: z.string() } },
      description: 'A stream without an end',
    },
  },
})

export function changeRoutes(feed: ChangeFeed): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(stream, (c) => {
    const lastEventId = c.req.valid('header')['last-event-id']
    const signal = c.req.raw.signal
    const body = feed.stream(lastEventId === undefined ? { signal } : { lastEventId, signal })
    return c.body(body, 200, eventStreamHeaders)
  })
  return router
}

/** Nothing on the way may hold events back. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const
