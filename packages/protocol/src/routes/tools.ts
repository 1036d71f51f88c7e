import {
  approvalLinkSchema,
  approvalListSchema,
  approvalParamsSchema,
  createApprovalLinkSchema,
  listApprovalsSchema,
  readApprovalSchema,
} from '../approvals.ts'
import {
  approvalSchema,
  decideApprovalSchema,
  executeToolSchema,
  listScopedToolsSchema,
  listToolsSchema,
  scopedToolListSchema,
  toolListSchema,
  toolResultSchema,
} from '../tool-calls.ts'
import { needs, route } from './route.ts'

export const toolRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/tools',
    summary: 'List the tools that there are',
    access: needs('providers:read'),
    query: listToolsSchema,
    answer: { status: 200, description: 'A page of the catalogue', schema: toolListSchema },
    errors: [],
  }),
  listScoped: route({
    method: 'POST',
    path: '/v1/tools/list-scoped',
    summary: 'List the tools that a user can run now, and why others cannot be run',
    access: needs('tools:execute'),
    body: listScopedToolsSchema,
    answer: { status: 200, description: 'A page of tools', schema: scopedToolListSchema },
    errors: ['not_allowed_for_tenant'],
    isRead: true,
  }),
  execute: route({
    method: 'POST',
    path: '/v1/tools/execute',
    summary: 'Call a tool as a user',
    description:
      'A call that fails says why in the member `tool` of the problem, in words for an agent. A call that a person has to approve is `approval_required`; once it is approved, repeat it with the `approvalId`.',
    access: needs('tools:execute'),
    body: executeToolSchema,
    answer: { status: 200, description: 'The result', schema: toolResultSchema },
    errors: [
      'unknown_tool',
      'unknown_provider',
      'host_not_allowed',
      'method_not_offered',
      'not_connected',
      'needs_reauth',
      'not_allowed_for_tenant',
      'scope_missing',
      'approval_required',
      'approval_denied',
      'answer_too_large',
      'provider_refused',
      'provider_error',
      'refresh_in_progress',
      'credential_unreadable',
      'conflict',
      'tenant_erased',
    ],
    // A result is not kept for an Idempotency-Key as it is.
    answersSecret: true,
    audit: 'tool.call',
  }),
}

export const approvalRoutes = {
  list: route({
    method: 'GET',
    path: '/v1/approvals',
    summary: 'List the tool calls that wait for a person, and what was decided',
    access: { permission: 'approvals:read', enforces: ['tenants'] },
    query: listApprovalsSchema,
    answer: { status: 200, description: 'The newest first', schema: approvalListSchema },
    errors: [],
  }),
  get: route({
    method: 'GET',
    path: '/v1/approvals/:approvalId',
    summary: 'Read what a tool call would do',
    access: { permission: 'approvals:read', enforces: ['tenants'] },
    params: approvalParamsSchema,
    query: readApprovalSchema,
    answer: { status: 200, description: 'The approval', schema: approvalSchema },
    errors: ['not_found'],
  }),
  decide: route({
    method: 'POST',
    path: '/v1/approvals/:approvalId/decision',
    summary:
      'Say what a person decided; an approval holds once, for the very call that it was asked for',
    access: { permission: 'approvals:decide', enforces: ['tenants'] },
    params: approvalParamsSchema,
    body: decideApprovalSchema,
    answer: { status: 200, description: 'The approval as it is now', schema: approvalSchema },
    errors: ['not_found', 'conflict', 'credential_unreadable', 'tenant_erased'],
    audit: 'approval.decide',
  }),
  createLink: route({
    method: 'POST',
    path: '/v1/approvals/:approvalId/links',
    summary:
      'Make a link with which the person who is signed in at the app decides, on a page of the service',
    description:
      'It is opened within two minutes, once, and binds the page to the browser that opened it. It never goes to an agent, nor by mail: send the browser of the person there.',
    access: { permission: 'approvals:decide', enforces: ['tenants'] },
    params: approvalParamsSchema,
    body: createApprovalLinkSchema,
    answer: { status: 201, description: 'The link, shown once', schema: approvalLinkSchema },
    errors: ['not_found', 'tenant_erased'],
    answersSecret: true,
    audit: 'approval.link',
  }),
}
