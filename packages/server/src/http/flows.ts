import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  connectOptionsSchema,
  createFlowAnswerSchema,
  createFlowSchema,
  type Flow,
  finalFlowStatuses,
  flowIdSchema,
  flowSchema,
} from '@keywell/protocol'
import type { Flows } from '../connect/flows.ts'
import type { Sessions } from '../connect/sessions.ts'
import type { SessionRow } from '../store/sessions.ts'
import { eventStreamHeaders } from './changes.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'

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
  /** Resolves when a flow may have moved, or after a while. */
  nextHint: (flowId: string, signal: AbortSignal) => Promise<void>
}): OpenAPIHono<Environment> {
  const { flows, sessions } = parts
  const router = createRouter()
  router.openapi(create, async (c) =>
    c.json(await flows.create(c.get('session'), c.req.valid('json'), callerOf(c)), 201),
  )
  router.openapi(get, async (c) => {
    const session = c.get('session')
    const { id } = c.req.valid('param')
    const flow = await flows.status(session, id)
    if (!c.req.header('accept')?.includes('text/event-stream')) return c.json(flow, 200)
    const events = watchFlow({ ...parts, session, flow, signal: c.req.raw.signal })
    // A stream stands outside what the route's JSON schema can say.
    return c.body(events, 200, eventStreamHeaders) as never
  })
  router.openapi(cancel, async (c) =>
    c.json(await flows.cancel(c.get('session'), c.req.valid('param').id, callerOf(c)), 200),
  )
  router.openapi(options, async (c) => c.json(await sessions.options(c.get('session')), 200))
  return router
}

/** Events named `flow`, one for each status, until the flow or the session ends. */
function watchFlow(watch: {
  flows: Flows
  nextHint: (flowId: string, signal: AbortSignal) => Promise<void>
  session: SessionRow
  flow: Flow
  signal: AbortSignal
}): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const aborted = new AbortController()
  const signal = AbortSignal.any([watch.signal, aborted.signal])
  let told: Flow['status'] | undefined
  return new ReadableStream({
    async pull(controller) {
      let { flow } = watch
      while (!signal.aborted) {
        if (flow.status !== told) {
          told = flow.status
          controller.enqueue(encoder.encode(`event: flow\ndata: ${JSON.stringify(flow)}\n\n`))
          if (finalFlowStatuses.includes(flow.status)) break
          return
        }
        await watch.nextHint(flow.flowId, signal)
        flow = await watch.flows.status(watch.session, flow.flowId)
        watch.flow = flow
      }
      controller.close()
    },
    cancel() {
      aborted.abort()
    },
  })
}
