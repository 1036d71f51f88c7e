import type { CompactTool } from '../../compact/compact-tool.ts'

const fields = [
  ...['id', 'iid', 'title', 'state', 'author', 'assignees', 'labels', 'web_url', 'created_at'],
  'updated_at',
]
const allFields = [
  ...[...fields, 'description', 'milestone', 'user_notes_count', 'upvotes', 'downvotes'],
]
const commentFields = ['id', 'body', 'author', 'created_at', 'updated_at', 'system']

export const issues: readonly CompactTool[] = [
  {
    name: 'list_issues',
    title: 'List issues',
    description: 'Issues of a project, by state, labels or assignee.',
    tool: 'gitlab_issues_list',
    takes: ['project_id', 'state', 'labels', 'assignee_id', 'page', 'per_page'],
    fields,
  },
  {
    name: 'get_issue',
    title: 'Get issue',
    description: 'One issue by its number in the project.',
    tool: 'gitlab_issue_get',
    takes: ['project_id', 'issue_iid'],
    fields: allFields,
  },
  {
    name: 'list_issue_comments',
    title: 'List comments of an issue',
    description:
      'Comments on an issue. Those of GitLab itself, about what changed, have system set.',
    tool: 'gitlab_issue_notes_list',
    takes: ['project_id', 'issue_iid', 'page', 'per_page'],
    fields: commentFields,
  },
  {
    name: 'create_issue',
    title: 'Create issue',
    description: 'Opens an issue in a project.',
    tool: 'gitlab_issue_create',
    takes: ['project_id', 'title', 'description', 'assignee_ids', 'labels', 'milestone_id'],
    fields: allFields,
  },
  {
    name: 'update_issue',
    title: 'Update issue',
    description:
      'Changes fields of an issue, or closes or reopens it. The others stay; labels replace those that it has.',
    tool: 'gitlab_issue_update',
    takes: [
      ...['project_id', 'issue_iid', 'title', 'description', 'assignee_ids', 'labels'],
      'state_event',
    ],
    fields: allFields,
  },
  {
    name: 'add_issue_comment',
    title: 'Comment on an issue',
    description: 'Adds a comment to an issue.',
    tool: 'gitlab_issue_note_create',
    takes: ['project_id', 'issue_iid', 'body'],
    fields: commentFields,
  },
]
