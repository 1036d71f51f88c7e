import { type Flow, routes } from '@keywell/protocol'
import type { Hono } from 'hono'
import type { RateLimits } from '../auth/rate-limits.ts'
import type { CheckHost } from '../connect/check-host.ts'
import type { FlowWatch } from '../connect/flow-watch.ts'
import type { Flows } from '../connect/flows.ts'
import type { Sessions } from '../connect/sessions.ts'
import { eventStreamHeaders } from './changes.ts'
import type { Environment } from './context.ts'
import { fromOf } from './guards.ts'
import { serve } from './serve.ts'
import type { Leave, StreamPlaces } from './stream-places.ts'

/** A page that watches is looked after once a second; a comment goes out after so many looks. */
const looksPerComment = 15

/** What a browser with a connect token may do: start, watch and cancel flows of its session, and look for a host. */
export function flowRoutes(
  app: Hono<Environment>,
  parts: {
    flows: Flows
    sessions: Sessions
    flowWatch: FlowWatch
    streamPlaces: StreamPlaces
    checkHost: CheckHost
    rateLimits: Pick<RateLimits, 'hostCheck'>
  },
): void {
  const { flows, sessions } = parts
  serve(app, routes.flows.create, ({ session, body, caller }) =>
    flows.create(session, body, caller),
  )
  serve(app, routes.flows.get, async ({ session, params }, c) => {
    const { flowId } = params
    if (!c.req.header('accept')?.includes('text/event-stream') || c.req.method === 'HEAD') {
      return flows.status(session, flowId)
    }
    const { signal } = c.req.raw
    const { address } = fromOf(c)
    const leave = parts.streamPlaces.ofFlow({ sessionId: session.id, flowId, address })
    try {
      const flow = await flows.status(session, flowId)
      signal.addEventListener('abort', leave)
      const follow = (gone: AbortSignal) =>
        parts.flowWatch.follow(session, flow, AbortSignal.any([signal, gone]))
      return c.body(flowEvents(follow, leave), 200, eventStreamHeaders)
    } catch (error) {
      leave()
      throw error
    }
  })
  serve(app, routes.flows.cancel, ({ session, params, caller }) =>
    flows.cancel(session, params.flowId, caller),
  )
  serve(app, routes.flows.options, ({ session, query }) =>
    sessions.options(session, { withTools: query.tools === 'true', host: query.host }),
  )
  serve(app, routes.flows.checkHost, ({ session, body }) => {
    parts.rateLimits.hostCheck(session)
    return parts.checkHost(session, body)
  })
}

/**
 * Events named `flow`, one for each status, until the flow or the session ends. In between, comments keep
 * the connection open and show when the client has gone.
 */
function flowEvents(
  follow: (signal: AbortSignal) => AsyncGenerator<Flow | undefined, void>,
  leave: Leave,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const gone = new AbortController()
  const flows = follow(gone.signal)
  let looks = 0

  /** The next line to send; undefined at the end. */
  async function next(): Promise<string | undefined> {
    for (;;) {
      const { value: flow, done } = await flows.next()
      if (done) return undefined
      looks = flow === undefined ? looks + 1 : 0
      if (flow !== undefined) return `event: flow\ndata: ${JSON.stringify(flow)}\n\n`
      if (looks % looksPerComment === 0) return ':\n\n'
    }
  }

  return new ReadableStream(
    {
      async pull(controller) {
        const text = await next().catch((error: unknown) => {
          leave()
          throw error
        })
        if (gone.signal.aborted) return
        if (text !== undefined) return controller.enqueue(encoder.encode(text))
        leave()
        controller.close()
      },
      cancel() {
        gone.abort()
        leave()
        void flows.return()
      },
    },
    { highWaterMark: 0 },
  )
}
