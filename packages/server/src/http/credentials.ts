import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { KeywellError, readCredentialAnswerSchema, readCredentialSchema } from '@keywell/protocol'
import type { HonoRequest } from 'hono'
import type { ReadCredentials } from '../credentials/read.ts'
import { withinLimits } from './access.ts'
import { callerOf, createRouter, type Environment, invalidRequest, json } from './context.ts'

const read = createRoute({
  method: 'post',
  path: '/',
  summary: "A user's credential, fresh",
  request: { body: { ...json(readCredentialSchema, 'Whose, and for what'), required: true } },
  responses: { 200: json(readCredentialAnswerSchema, 'The credential, or that it is unchanged') },
})

export function credentialRoutes(readCredential: ReadCredentials): OpenAPIHono<Environment> {
  const router = createRouter()
  // Described like every route, but parsed by hand: this is the one route that speed is asked of.
  router.openAPIRegistry.registerPath(read)
  router.post('/', async (c) => {
    const parsed = readCredentialSchema.safeParse(await readJson(c.req))
    if (!parsed.success) throw invalidRequest(parsed.error)
    return c.json(await readCredential(withinLimits(c.get('access'), parsed.data), callerOf(c)))
  })
  return router
}

async function readJson(request: HonoRequest): Promise<unknown> {
  try {
    return await request.json()
  } catch (cause) {
    throw new KeywellError('invalid_request', 'The body is not JSON.', { cause })
  }
}
