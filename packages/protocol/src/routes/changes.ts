import { z } from 'zod'
import { changeKeysSchema, streamIdHeader, streamIdSchema } from '../stream-events.ts'
import { needs, route } from './route.ts'

export const changeRoutes = {
  stream: route({
    method: 'GET',
    path: '/v1/changes',
    summary:
      'The change log as server-sent events: hello, change, flush, heartbeat; each a signed token',
    // It tells of all tenants, and its chain has no gaps.
    access: { permission: 'changes:read', enforces: [] },
    headers: z.object({
      'last-event-id': z.string().max(1_000).optional(),
      [streamIdHeader]: streamIdSchema.optional(),
    }),
    answer: {
      status: 200,
      description: 'A stream that ends with its API key',
      type: 'text/event-stream',
    },
    errors: [],
  }),
  keys: route({
    method: 'GET',
    path: '/v1/changes/keys',
    summary:
      'The public keys of the change stream, as a JSON Web Key Set, and the issuer of its tokens',
    access: needs('changes:read'),
    answer: { status: 200, description: 'The keys', schema: changeKeysSchema },
    errors: [],
  }),
}
