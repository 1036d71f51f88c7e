import { routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import type { KeyStreams } from '../auth/key-streams.ts'
import type { ChangeFeed } from '../changes/feed.ts'
import type { Environment } from './context.ts'
import { serve } from './serve.ts'
import type { StreamPlaces } from './stream-places.ts'

export function changeRoutes(
  app: Hono<Environment>,
  parts: {
    feed: ChangeFeed
    keyStreams: KeyStreams
    streamPlaces: StreamPlaces
  },
): void {
  serve(app, routes.changes.stream, ({ headers, access }, c) => {
    // A request for the headers alone would leave a stream that nobody reads.
    if (c.req.method === 'HEAD') return c.body(null, 200, eventStreamHeaders)
    const leave = parts.streamPlaces.ofKey(access.id)
    const lastEventId = headers['last-event-id']
    const open = (signal: AbortSignal) => parts.feed.stream({ lastEventId, signal })
    const body = parts.keyStreams.hold(access, open, { atEnd: 'close', leave })
    return c.body(body, 200, eventStreamHeaders)
  })
  serve(app, routes.changes.log, ({ query }) => parts.feed.page(query.after))
}

/** Nothing on the way may hold events back. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
} as const
