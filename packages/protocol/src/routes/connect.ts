import { z } from 'zod'
import {
  checkHostSchema,
  confirmAnswerSchema,
  confirmSchema,
  connectOptionsSchema,
  createFlowAnswerSchema,
  createFlowSchema,
  createSessionSchema,
  flowSchema,
  hostCheckSchema,
  readConnectOptionsSchema,
  sessionAnswerSchema,
} from '../connect.ts'
import { flowIdSchema, sessionIdSchema } from '../ids.ts'
import { needs, route } from './route.ts'

export const sessionRoutes = {
  create: route({
    method: 'POST',
    path: '/v1/connect/sessions',
    summary: 'Make a short permit for one browser to make or reconnect one connection',
    access: needs('sessions:write'),
    body: createSessionSchema,
    answer: {
      status: 201,
      description: 'The session and its connect token',
      schema: sessionAnswerSchema,
    },
    errors: [
      'origin_not_allowed',
      'unknown_provider',
      'host_not_allowed',
      'scope_not_allowed',
      'not_allowed_for_tenant',
      'not_found',
      'tenant_erased',
    ],
    answersSecret: true,
    audit: 'session.create',
  }),
  confirm: route({
    method: 'POST',
    path: '/v1/connect/sessions/:sessionId/confirm',
    summary: 'Say who finished a flow; only then its code is exchanged, or its key kept',
    access: needs('sessions:write'),
    params: z.object({ sessionId: sessionIdSchema }),
    body: confirmSchema,
    answer: { status: 200, description: 'What became of the flow', schema: confirmAnswerSchema },
    errors: [
      'not_found',
      'flow_mismatch',
      'flow_expired',
      'session_expired',
      'access_denied',
      'account_mismatch',
      'not_allowed_for_tenant',
      'integration_missing',
      'provider_error',
      'tenant_erased',
    ],
    audit: 'flow.confirm',
  }),
}

const params = z.object({ flowId: flowIdSchema })

/** For browsers. */
export const flowRoutes = {
  create: route({
    method: 'POST',
    path: '/connect/flows',
    summary: 'Begin an authorisation attempt',
    access: 'connect_token',
    body: createFlowSchema,
    answer: {
      status: 201,
      description: 'The flow and its one-time start code',
      schema: createFlowAnswerSchema,
    },
    errors: [
      'not_found',
      'unknown_provider',
      'host_not_allowed',
      'host_required',
      'method_not_offered',
      'scope_not_allowed',
      'integration_missing',
      'not_allowed_for_tenant',
      'tenant_erased',
    ],
    audit: 'flow.start',
  }),
  get: route({
    method: 'GET',
    path: '/connect/flows/:flowId',
    summary: 'Read the state of a flow; with `Accept: text/event-stream`, until it ends',
    access: 'connect_token',
    params,
    answer: {
      status: 200,
      description: 'The flow',
      schema: flowSchema,
      stream: 'text/event-stream',
    },
    errors: ['not_found', 'flow_mismatch'],
  }),
  cancel: route({
    method: 'DELETE',
    path: '/connect/flows/:flowId',
    summary: 'Cancel a flow',
    access: 'connect_token',
    params,
    answer: { status: 200, description: 'The flow', schema: flowSchema },
    errors: ['not_found', 'flow_mismatch', 'tenant_erased'],
    audit: 'flow.cancel',
  }),
  options: route({
    method: 'GET',
    path: '/connect/providers',
    summary: 'List what the session may connect',
    access: 'connect_token',
    query: readConnectOptionsSchema,
    answer: {
      status: 200,
      description: 'Providers, hosts, scopes and, with `tools=true`, tools',
      schema: connectOptionsSchema,
    },
    errors: ['host_not_allowed', 'not_allowed_for_tenant'],
  }),
  checkHost: route({
    method: 'POST',
    path: '/connect/hosts',
    summary:
      'Find the instance of a provider that an address means, and what it lacks to be connected',
    access: 'connect_token',
    body: checkHostSchema,
    answer: { status: 200, description: 'The instance', schema: hostCheckSchema },
    errors: [
      'unknown_provider',
      'host_not_allowed',
      'method_not_offered',
      'not_allowed_for_tenant',
    ],
    isRead: true,
  }),
}
