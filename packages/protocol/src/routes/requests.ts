import { providerRequestSchema, providerResponseSchema } from '../tool-calls.ts'
import { needs, route } from './route.ts'

export const requestRoutes = {
  send: route({
    method: 'POST',
    path: '/v1/requests',
    summary: "Send one request to a provider's API as a user, without seeing the credential",
    description:
      'What the provider answers comes back as it is, whatever its status. The credential goes to the host of the connection and to no other place.',
    access: needs('requests:send'),
    body: providerRequestSchema,
    answer: {
      status: 200,
      description: 'What the provider answered',
      schema: providerResponseSchema,
    },
    errors: [
      'unknown_provider',
      'host_not_allowed',
      'method_not_offered',
      'not_connected',
      'needs_reauth',
      'not_allowed_for_tenant',
      'refresh_in_progress',
      'credential_unreadable',
      'answer_too_large',
      'provider_error',
      'tenant_erased',
    ],
    // An answer is not kept for an Idempotency-Key as it is.
    answersSecret: true,
    audit: 'request.send',
  }),
}
