import { z } from 'zod'
import { route } from './route.ts'

const statusSchema = z.object({ status: z.literal('ok') })

export const serviceRoutes = {
  metrics: route({
    method: 'GET',
    path: '/metrics',
    summary: 'Metrics in the format of Prometheus',
    // Names of hosts, and sums over all tenants.
    access: { permission: 'metrics:read', enforces: [] },
    answer: { status: 200, description: 'The metrics', type: 'text/plain' },
    errors: [],
  }),
  livez: route({
    method: 'GET',
    path: '/livez',
    summary: 'Whether the process runs',
    access: 'open',
    answer: { status: 200, description: 'It runs', schema: statusSchema },
    errors: [],
  }),
  readyz: route({
    method: 'GET',
    path: '/readyz',
    summary: 'Whether the process may be sent requests: whether its database answers',
    access: 'open',
    answer: { status: 200, description: 'It may', schema: statusSchema },
    errors: [],
  }),
  description: route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    access: 'open',
    answer: {
      status: 200,
      description: 'An OpenAPI 3.1 document',
      schema: z.looseObject({ openapi: z.string() }),
    },
    errors: [],
  }),
}
