import { z } from 'zod'
import { changeLogPageSchema, readChangeLogSchema } from '../stream-events.ts'
import { route } from './route.ts'

/** They tell of all tenants, and have no gaps: no limit of a key can be enforced. */
const access = { permission: 'changes:read', enforces: [] } as const

export const changeRoutes = {
  stream: route({
    method: 'GET',
    path: '/v1/changes',
    summary: 'The change log as server-sent events: hello, change, flush, heartbeat',
    access,
    headers: z.object({ 'last-event-id': z.string().max(1_000).optional() }),
    answer: {
      status: 200,
      description: 'A stream that ends with its API key',
      type: 'text/event-stream',
    },
    errors: [],
  }),
  log: route({
    method: 'GET',
    path: '/v1/changes/log',
    summary: 'What has changed after a position, and how old the answer is',
    access,
    query: readChangeLogSchema,
    answer: { status: 200, description: 'A page, oldest first', schema: changeLogPageSchema },
    errors: [],
  }),
}
