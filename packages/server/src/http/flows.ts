import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  connectOptionsSchema,
  createFlowAnswerSchema,
  createFlowSchema,
  type Flow,
  flowIdSchema,
  flowSchema,
} from '@keywell/protocol'
import type { FlowWatch } from '../connect/flow-watch.ts'
import type { Flows } from '../connect/flows.ts'
import type { Sessions } from '../connect/sessions.ts'
import { eventStreamHeaders } from './changes.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'
import { fromOf } from './guards.ts'
import type { Leave, StreamPlaces } from './stream-places.ts'

/** A page that watches is looked after once a second; a comment goes out after so many looks. */
const looksPerComment = 15

const byId = { params: z.object({ id: flowIdSchema }) }

const create = createRoute({
  method: 'post',
  path: '/flows',
  summary: 'Begin an authorisation attempt',
  request: { body: { ...json(createFlowSchema, 'Provider, host, scopes'), required: true } },
  responses: { 201: json(createFlowAnswerSchema, 'The flow and its one-time start code') },
})
const get = createRoute({
  method: 'get',
  path: '/flows/{id}',
  summary: 'How a flow stands; with Accept: text/event-stream, until it ends',
  request: byId,
  responses: { 200: json(flowSchema, 'The flow') },
})
const cancel = createRoute({
  method: 'delete',
  path: '/flows/{id}',
  summary: 'Give a flow up',
  request: byId,
  responses: { 200: json(flowSchema, 'The flow') },
})
const options = createRoute({
  method: 'get',
  path: '/providers',
  summary: 'What the session may connect',
  responses: { 200: json(connectOptionsSchema, 'Providers, hosts and scopes') },
})

/** What a browser with a connect token may do: start, watch and cancel flows of its session. */
export function flowRoutes(parts: {
  flows: Flows
  sessions: Sessions
  flowWatch: FlowWatch
  streamPlaces: StreamPlaces
}): OpenAPIHono<Environment> {
  const { flows, sessions } = parts
  const router = createRouter()
  router.openapi(create, async (c) =>
    c.json(await flows.create(c.get('session'), c.req.valid('json'), callerOf(c)), 201),
  )
  router.openapi(get, async (c) => {
    const session = c.get('session')
    const { id } = c.req.valid('param')
    if (!c.req.header('accept')?.includes('text/event-stream') || c.req.method === 'HEAD') {
      return c.json(await flows.status(session, id), 200)
    }
    const { signal } = c.req.raw
    const { address } = fromOf(c)
    const leave = parts.streamPlaces.ofFlow({ sessionId: session.id, flowId: id, address })
    try {
      const flow = await flows.status(session, id)
      signal.addEventListener('abort', leave)
      const follow = (gone: AbortSignal) =>
        parts.flowWatch.follow(session, flow, AbortSignal.any([signal, gone]))
      // A stream stands outside what the route's JSON schema can say.
      return c.body(flowEvents(follow, leave), 200, eventStreamHeaders) as never
    } catch (error) {
      leave()
      throw error
    }
  })
  router.openapi(cancel, async (c) =>
    c.json(await flows.cancel(c.get('session'), c.req.valid('param').id, callerOf(c)), 200),
  )
  router.openapi(options, async (c) => c.json(await sessions.options(c.get('session')), 200))
  return router
}

/**
 * Events named `flow`, one for each status, until the flow or the session ends. What keeps the connection
 * open in between, and shows that nobody is there any more, is a comment.
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
