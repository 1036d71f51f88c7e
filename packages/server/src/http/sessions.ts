import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  type ConfirmAnswer,
  confirmAnswerSchema,
  confirmSchema,
  type confirmSchema as confirmSchemaType,
  createSessionSchema,
  sessionAnswerSchema,
  sessionIdSchema,
} from '@keywell/protocol'
import { findProvider } from '@keywell/providers'
import type { Actor } from '../audit/actor.ts'
import type { Sessions } from '../connect/sessions.ts'
import { providersOf, requireWithinLimits, withinLimits } from './access.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'

const create = createRoute({
  method: 'post',
  path: '/',
  summary: 'A short permit for one browser to make or mend one connection',
  request: { body: { ...json(createSessionSchema, 'Who, what and where'), required: true } },
  responses: { 201: json(sessionAnswerSchema, 'The session and its connect token') },
})
const confirm = createRoute({
  method: 'post',
  path: '/{id}/confirm',
  summary: 'Say who finished a flow; only then is its code exchanged',
  request: {
    params: z.object({ id: sessionIdSchema }),
    body: { ...json(confirmSchema, 'The finish ticket, and who is signed in'), required: true },
  },
  responses: { 200: json(confirmAnswerSchema, 'What became of the flow') },
})

type Confirm = (
  request: z.output<typeof confirmSchemaType> & {
    sessionId: string
    providers: string[] | undefined
  } & Actor,
) => Promise<ConfirmAnswer>

export function sessionRoutes(parts: {
  sessions: Sessions
  confirm: Confirm
}): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(create, async (c) => {
    const access = c.get('access')
    const body = c.req.valid('json')
    requireWithinLimits(access, body)
    // A key may name a provider that the catalogue does not have; a session may not.
    const known = providersOf(access)?.filter((name) => findProvider(name) !== undefined)
    const providers = body.providers ?? known
    const maker = { ...callerOf(c), origins: access.origins }
    return c.json(await parts.sessions.create({ ...body, providers }, maker), 201)
  })
  router.openapi(confirm, async (c) => {
    const sessionId = c.req.valid('param').id
    const body = withinLimits(c.get('access'), c.req.valid('json'))
    const providers = providersOf(c.get('access'))
    return c.json(await parts.confirm({ ...body, sessionId, providers, ...callerOf(c) }), 200)
  })
  return router
}
