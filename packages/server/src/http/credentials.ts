import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { readCredentialAnswerSchema, readCredentialSchema } from '@keywell/protocol'
import type { ReadCredentials } from '../credentials/read.ts'
import { callerOf, createRouter, type Environment, json } from './context.ts'

const read = createRoute({
  method: 'post',
  path: '/',
  summary: "A user's credential, fresh",
  request: { body: { ...json(readCredentialSchema, 'Whose, and for what'), required: true } },
  responses: { 200: json(readCredentialAnswerSchema, 'The credential, or that it is unchanged') },
})

export function credentialRoutes(readCredential: ReadCredentials): OpenAPIHono<Environment> {
  const router = createRouter()
  router.openapi(read, async (c) =>
    c.json(await readCredential(c.req.valid('json'), callerOf(c)), 200),
  )
  return router
}
