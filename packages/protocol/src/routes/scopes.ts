import { plannedScopesSchema, planScopesSchema } from '../scope-plan-call.ts'
import { needs, route } from './route.ts'

export const scopeRoutes = {
  plan: route({
    method: 'POST',
    path: '/v1/scopes/plan',
    summary: 'Plan the least scopes for tools, and say which tools can be run with scopes',
    access: needs('providers:read'),
    body: planScopesSchema,
    answer: { status: 200, description: 'The plan', schema: plannedScopesSchema },
    errors: ['unknown_provider'],
    isRead: true,
  }),
}
