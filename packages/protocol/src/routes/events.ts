import { eventPageSchema, searchEventsSchema } from '../events.ts'
import { route } from './route.ts'

export const eventRoutes = {
  search: route({
    method: 'POST',
    path: '/v1/events/search',
    summary:
      'Search the events of a tenant that webhooks were sent, with the attempts for each webhook',
    description:
      'An event is there while one of its messages is: 7 days when it was delivered, 30 when it was given up.',
    access: { permission: 'events:read', enforces: ['tenants'] },
    body: searchEventsSchema,
    answer: { status: 200, description: 'A page of events, newest first', schema: eventPageSchema },
    errors: [],
    isRead: true,
  }),
}
