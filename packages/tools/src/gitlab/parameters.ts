/** Parameters that tools of several groups have. */
import type { ToolParameter } from '../definition.ts'
import { pagingOf } from '../paging.ts'

export const archived: ToolParameter = {
  name: 'archived',
  in: 'query',
  type: 'boolean',
  description: 'Only archived projects, or only live ones.',
}

export const visibilityFilter: ToolParameter = {
  name: 'visibility',
  in: 'query',
  type: 'string',
  enum: ['private', 'internal', 'public'],
  description: 'Only those with this visibility.',
}

export const search: ToolParameter = {
  name: 'search',
  in: 'query',
  type: 'string',
  description: 'Text that a result must contain.',
}

export const simple: ToolParameter = {
  name: 'simple',
  in: 'query',
  type: 'boolean',
  description: 'Return a short form of each project.',
}

export const sort: ToolParameter = {
  name: 'sort',
  in: 'query',
  type: 'string',
  enum: ['asc', 'desc'],
  description: 'Direction of the order.',
}

export const projectId: ToolParameter = {
  name: 'project_id',
  aliases: ['id'],
  in: 'path',
  pathParam: 'id',
  place: 'project',
  resource: 'project',
  type: 'string',
  required: true,
  description: 'Project: its number, or its full path such as group/name.',
}

export const visibility: ToolParameter = {
  name: 'visibility',
  in: 'body',
  type: 'string',
  enum: ['private', 'internal', 'public'],
  description: 'Who can see it: members (private), anyone signed in (internal), everyone (public).',
}

export const newName: ToolParameter = {
  name: 'name',
  in: 'body',
  type: 'string',
  description: 'New name, as people see it.',
}

export const topLevelOnly: ToolParameter = {
  name: 'top_level_only',
  in: 'query',
  type: 'boolean',
  description: 'Leave subgroups out.',
}

export const unidiff: ToolParameter = {
  name: 'unidiff',
  in: 'query',
  type: 'boolean',
  description: 'Return the diffs in unified form.',
}

const createdAfter: ToolParameter = {
  name: 'created_after',
  in: 'query',
  type: 'string',
  format: 'date-time',
  description: 'Only things created at or after this ISO 8601 moment.',
}

const createdBefore: ToolParameter = {
  name: 'created_before',
  in: 'query',
  type: 'string',
  format: 'date-time',
  description: 'Only things created at or before this ISO 8601 moment.',
}

const updatedAfter: ToolParameter = {
  name: 'updated_after',
  in: 'query',
  type: 'string',
  format: 'date-time',
  description: 'Only things changed at or after this ISO 8601 moment.',
}

const updatedBefore: ToolParameter = {
  name: 'updated_before',
  in: 'query',
  type: 'string',
  format: 'date-time',
  description: 'Only things changed at or before this ISO 8601 moment.',
}

export const markdown: ToolParameter = {
  name: 'description',
  in: 'body',
  type: 'string',
  description: "Longer text, in GitLab's Markdown.",
}

export const dueDate: ToolParameter = {
  name: 'due_date',
  in: 'body',
  type: 'string',
  format: 'date',
  description: 'Day it is due, YYYY-MM-DD.',
}

export const jobScope: ToolParameter = {
  name: 'scope',
  in: 'query',
  type: 'array',
  items: 'string',
  enum: [
    'created',
    'waiting_for_resource',
    'preparing',
    'waiting_for_callback',
    'pending',
    'running',
    'success',
    'failed',
    'canceling',
    'canceled',
    'skipped',
    'manual',
    'scheduled',
  ],
  description: 'Only jobs in these states.',
}

export const owned: ToolParameter = {
  name: 'owned',
  in: 'query',
  type: 'boolean',
  description: 'Only projects the user owns.',
}

/** Most lists count their pages. */
export const paging: readonly ToolParameter[] = pagingOf(20)

/** When it was created and last changed. */
export const dates: readonly ToolParameter[] = [
  createdAfter,
  createdBefore,
  updatedAfter,
  updatedBefore,
]
