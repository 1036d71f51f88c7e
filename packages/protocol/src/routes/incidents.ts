import { z } from 'zod'
import { incidentIdSchema } from '../ids.ts'
import { incidentListSchema, incidentSchema } from '../incidents.ts'
import { route } from './route.ts'

const params = z.object({ incidentId: incidentIdSchema })
/** An incident is one of many tenants, or decides over what a tenant's key must not decide. */
const decide = { permission: 'integrations:write', enforces: [] } as const

export const incidentRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/incidents',
    summary: 'List the providers that refuse every credential',
    access: { permission: 'integrations:read', enforces: [] },
    answer: { status: 200, description: 'The incidents', schema: incidentListSchema },
    errors: [],
  }),
  release: route({
    method: 'POST',
    path: '/v1/incidents/:incidentId/release',
    summary: 'End an incident: everything that it held is asked again within a minute',
    description:
      'Needed only to be faster: an incident is over by itself when the provider answers well again. If all are still refused, the next incident begins.',
    access: decide,
    params,
    answer: { status: 200, description: 'The incident, as it was', schema: incidentSchema },
    errors: ['not_found', 'tenant_erased'],
    audit: 'incident.release',
  }),
  confirm: route({
    method: 'POST',
    path: '/v1/incidents/:incidentId/confirm',
    summary: 'Take the refusals for true: the application was removed at the provider',
    description:
      'Its connections are asked again within five minutes, and each that is refused ends. Without this call it takes an hour in which no connection is accepted.',
    access: decide,
    params,
    answer: { status: 200, description: 'The incident', schema: incidentSchema },
    errors: ['not_found', 'conflict', 'tenant_erased'],
    audit: 'incident.confirm',
  }),
}
