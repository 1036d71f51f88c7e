import type { ToolDefinition } from '../definition.ts'
import { paging, projectId, search } from './parameters.ts'

export const labels: readonly ToolDefinition[] = [
  {
    name: 'gitlab_issue_labels_list',
    group: 'labels',
    title: 'List labels',
    description:
      "Labels that a project's issues and merge requests can carry, those inherited from its groups included.",
    method: 'GET',
    path: '/projects/{id}/labels',
    parameters: [
      projectId,
      search,
      {
        name: 'with_counts',
        in: 'query',
        type: 'boolean',
        description: 'Add how many open and closed items carry each.',
      },
      {
        name: 'include_ancestor_groups',
        in: 'query',
        type: 'boolean',
        description: 'Include labels of the groups above. Default: true.',
      },
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // 409 when the name is taken.
  {
    name: 'gitlab_label_create',
    group: 'labels',
    title: 'Create label',
    description:
      'Adds a label to a project under a name and a colour. Refused as a conflict if the name is taken.',
    method: 'POST',
    path: '/projects/{id}/labels',
    parameters: [
      projectId,
      {
        name: 'name',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Name of the label.',
      },
      {
        name: 'color',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Six-digit hex colour with a leading #, or a CSS colour name.',
      },
      { name: 'description', in: 'body', type: 'string', description: 'What the label is for.' },
      {
        name: 'priority',
        in: 'body',
        type: 'integer',
        description: 'Rank among prioritised labels.',
      },
    ],
    response: 'object',
    effect: 'write',
    role: 'Reporter',
    scopes: ['api'],
  },
]
