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
import type { Actor, Sessions } from '../connect/sessions.ts'
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
  request: z.output<typeof confirmSchemaType> & { sessionId: string } & Actor,
) => Promise<ConfirmAnswer>

export function sessionRoutes(parts: {
  sessions: Sessions
  confirm: Confirm
}): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(create, async (c) =>
    c.json(await parts.sessions.create(c.req.valid('json'), callerOf(c)), 201),
  )
  router.openapi(confirm, async (c) => {
    const sessionId = c.req.valid('param').id
    return c.json(await parts.confirm({ ...c.req.valid('json'), sessionId, ...callerOf(c) }), 200)
  })
  return router
}
