/** Parameters that tools of issues and of merge requests have. */
import type { ToolParameter } from '../definition.ts'

export const milestone: ToolParameter = {
  name: 'milestone',
  in: 'query',
  type: 'string',
  description: 'Title of the milestone; None and Any are understood too.',
}

export const assigneeId: ToolParameter = {
  name: 'assignee_id',
  in: 'query',
  type: 'string',
  description: 'Numeric user id; None and Any are understood too.',
}

export const authorId: ToolParameter = {
  name: 'author_id',
  in: 'query',
  type: 'integer',
  description: 'Only things written by the user with this numeric id.',
}

export const authorUsername: ToolParameter = {
  name: 'author_username',
  in: 'query',
  type: 'string',
  description: 'Only things written by this username.',
}

export const labels: ToolParameter = {
  name: 'labels',
  in: 'body',
  type: 'string',
  commas: true,
  description: 'Names of labels, separated by commas.',
}

export const assignees: ToolParameter = {
  name: 'assignee_ids',
  in: 'body',
  type: 'array',
  items: 'integer',
  description: 'Numeric ids of the people to assign.',
}

export const milestoneOfItem: ToolParameter = {
  name: 'milestone_id',
  in: 'body',
  type: 'integer',
  description: 'Global id of the milestone (not the number in its address); 0 removes it.',
}

export const newAssignees: ToolParameter = {
  name: 'assignee_ids',
  in: 'body',
  type: 'array',
  items: 'integer',
  description:
    'Numeric ids of the people to assign, replacing those assigned now; an empty list clears them.',
}

export const addLabels: ToolParameter = {
  name: 'add_labels',
  in: 'body',
  type: 'string',
  commas: true,
  description: 'Labels to add, separated by commas.',
}

export const removeLabels: ToolParameter = {
  name: 'remove_labels',
  in: 'body',
  type: 'string',
  commas: true,
  description: 'Labels to remove, separated by commas.',
}

export const discussionLocked: ToolParameter = {
  name: 'discussion_locked',
  in: 'body',
  type: 'boolean',
  description: 'Stop or allow further comments by non-members.',
}

export const activityFilter: ToolParameter = {
  name: 'activity_filter',
  in: 'query',
  type: 'string',
  enum: ['all_notes', 'only_comments', 'only_activity'],
  description: 'Leave system activity in or out.',
}

export const orderBy: ToolParameter = {
  name: 'order_by',
  in: 'query',
  type: 'string',
  enum: ['created_at', 'updated_at'],
  description: 'Field the results are ordered by.',
}

export const comment: ToolParameter = {
  name: 'body',
  in: 'body',
  type: 'string',
  required: true,
  description: "Text of the comment, in GitLab's Markdown.",
}

export const internal: ToolParameter = {
  name: 'internal',
  in: 'body',
  type: 'boolean',
  description: 'Show the comment to project members only.',
}
