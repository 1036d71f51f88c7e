import type { ToolDefinition, ToolParameter } from '../definition.ts'
import { paging, projectId } from './parameters.ts'

const webhookId: ToolParameter = {
  name: 'webhook_id',
  aliases: ['hook_id'],
  in: 'path',
  pathParam: 'hook_id',
  resource: 'webhook',
  type: 'integer',
  required: true,
  description: 'Id of the webhook, from the list of webhooks.',
}

/** What it is called for, and how. */
const settings: readonly ToolParameter[] = [
  { name: 'push_events', in: 'body', type: 'boolean', description: 'Call the address for pushes.' },
  {
    name: 'tag_push_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for tag pushes.',
  },
  {
    name: 'issues_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for issue changes.',
  },
  {
    name: 'confidential_issues_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for changes of confidential issues.',
  },
  {
    name: 'merge_requests_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for merge request changes.',
  },
  {
    name: 'note_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for comments.',
  },
  {
    name: 'job_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for job changes.',
  },
  {
    name: 'pipeline_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for pipeline changes.',
  },
  {
    name: 'wiki_page_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for wiki changes.',
  },
  {
    name: 'releases_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for release changes.',
  },
  {
    name: 'deployment_events',
    in: 'body',
    type: 'boolean',
    description: 'Call the address for deployment changes.',
  },
  {
    name: 'token',
    in: 'body',
    type: 'string',
    secret: true,
    description: 'Secret sent along in X-Gitlab-Token; never returned.',
  },
  {
    name: 'push_events_branch_filter',
    in: 'body',
    type: 'string',
    description: 'Only pushes to branches that match.',
  },
  {
    name: 'enable_ssl_verification',
    in: 'body',
    type: 'boolean',
    description: "Check the receiver's certificate.",
  },
]

export const webhooks: readonly ToolDefinition[] = [
  {
    name: 'gitlab_project_webhooks_list',
    group: 'webhooks',
    title: 'List webhooks',
    description:
      'Addresses that GitLab calls for events in a project, with the events each one is for. Secret tokens are never shown; maintainers only.',
    method: 'GET',
    path: '/projects/{id}/hooks',
    parameters: [projectId, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    role: 'Maintainer',
    scopes: ['read_api'],
  },
  {
    name: 'gitlab_project_webhook_get',
    group: 'webhooks',
    title: 'Get webhook',
    description: 'Settings of one webhook of a project. Its secret token is never shown.',
    method: 'GET',
    path: '/projects/{id}/hooks/{hook_id}',
    parameters: [projectId, webhookId],
    response: 'object',
    effect: 'read',
    idempotent: true,
    role: 'Maintainer',
    scopes: ['read_api'],
  },
  // Needs Maintainer. Sends project data to an outside address.
  {
    name: 'gitlab_project_webhook_create',
    group: 'webhooks',
    title: 'Create webhook',
    description:
      'Makes GitLab post chosen events of a project to an address. From then on project data leaves GitLab for that address; maintainers only.',
    method: 'POST',
    path: '/projects/{id}/hooks',
    parameters: [
      projectId,
      {
        name: 'url',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Address GitLab posts to.',
      },
      ...settings,
    ],
    response: 'object',
    effect: 'write',
    sensitive: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
  // Needs Maintainer. Can turn a known hook towards another address.
  {
    name: 'gitlab_project_webhook_update',
    group: 'webhooks',
    title: 'Update webhook',
    description: 'Changes the address, events or secret of a webhook.',
    method: 'PUT',
    path: '/projects/{id}/hooks/{hook_id}',
    parameters: [
      projectId,
      webhookId,
      { name: 'url', in: 'body', type: 'string', description: 'Address GitLab posts to.' },
      ...settings,
    ],
    needsField: true,
    response: 'object',
    effect: 'write',
    target: { tool: 'gitlab_project_webhook_get' },
    sensitive: true,
    idempotent: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
  // Answers 204.
  {
    name: 'gitlab_project_webhook_delete',
    group: 'webhooks',
    title: 'Delete webhook',
    description:
      'Stops and removes a webhook. Its secret cannot be read back, so it cannot be rebuilt from GitLab.',
    method: 'DELETE',
    path: '/projects/{id}/hooks/{hook_id}',
    parameters: [projectId, webhookId],
    response: 'none',
    effect: 'destroy',
    target: { tool: 'gitlab_project_webhook_get' },
    idempotent: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
]
