// https://docs.github.com/en/rest/issues
import type { ToolDefinition } from '../definition.ts'
import { direction, issueNumber, markdown, paging, repository, state } from './parameters.ts'

export const issues: readonly ToolDefinition[] = [
  {
    name: 'github_issues_list',
    group: 'issues',
    title: 'List issues',
    description:
      'Issues of one repository. Pull requests are among them: those have a field pull_request. A private repository needs the scope repo.',
    method: 'GET',
    path: '/repos/{owner}/{repo}/issues',
    parameters: [
      ...repository,
      state,
      {
        name: 'labels',
        in: 'query',
        type: 'string',
        commas: true,
        description: 'Names of labels, separated by commas; an issue must carry all of them.',
      },
      {
        name: 'assignee',
        in: 'query',
        type: 'string',
        description: 'Login of the assignee; none for unassigned issues, * for any assignee.',
      },
      {
        name: 'creator',
        in: 'query',
        type: 'string',
        description: 'Login of the person who opened it.',
      },
      {
        name: 'mentioned',
        in: 'query',
        type: 'string',
        description: 'Login of a person who is mentioned in it.',
      },
      {
        name: 'milestone',
        in: 'query',
        type: 'string',
        description: 'Number of a milestone; none for issues without one, * for any milestone.',
      },
      {
        name: 'since',
        in: 'query',
        type: 'string',
        format: 'date-time',
        description: 'Only issues changed at or after this ISO 8601 moment.',
      },
      {
        name: 'sort',
        in: 'query',
        type: 'string',
        enum: ['created', 'updated', 'comments'],
        description: 'What the results are ordered by.',
      },
      direction,
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: [],
  },
  {
    name: 'github_issue_get',
    group: 'issues',
    title: 'Get issue',
    description:
      'One issue by its number, with its text, labels, assignees and state. Its comments are counted, not shown.',
    method: 'GET',
    path: '/repos/{owner}/{repo}/issues/{issue_number}',
    parameters: [...repository, issueNumber],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: [],
  },
  // Who may not push to the repository: labels, assignees and milestone are dropped without a word.
  {
    name: 'github_issue_create',
    group: 'issues',
    title: 'Create issue',
    description:
      'Opens an issue. Labels, assignees and the milestone are kept only where the user may push to the repository.',
    method: 'POST',
    path: '/repos/{owner}/{repo}/issues',
    parameters: [
      ...repository,
      {
        name: 'title',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Headline of the issue.',
      },
      markdown,
      {
        name: 'labels',
        in: 'body',
        type: 'array',
        items: 'string',
        description: 'Names of labels to put on it.',
      },
      {
        name: 'assignees',
        in: 'body',
        type: 'array',
        items: 'string',
        description: 'Logins of the people to assign.',
      },
      {
        name: 'milestone',
        in: 'body',
        type: 'integer',
        description: 'Number of the milestone it belongs to.',
      },
    ],
    response: 'object',
    effect: 'write',
    role: 'Read',
    scopes: ['public_repo'],
  },
  {
    name: 'github_issue_comment_create',
    group: 'issues',
    title: 'Comment on issue',
    description:
      'Adds a comment to an issue, or to the conversation of a pull request by its number. Those who follow it are notified.',
    method: 'POST',
    path: '/repos/{owner}/{repo}/issues/{issue_number}/comments',
    parameters: [...repository, issueNumber, { ...markdown, required: true }],
    response: 'object',
    effect: 'write',
    role: 'Read',
    scopes: ['public_repo'],
  },
]
