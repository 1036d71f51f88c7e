// https://docs.github.com/en/rest/pulls/pulls
import type { ToolDefinition } from '../definition.ts'
import { direction, markdown, paging, pullNumber, repository, state } from './parameters.ts'

export const pullRequests: readonly ToolDefinition[] = [
  {
    name: 'github_pull_requests_list',
    group: 'pull_requests',
    title: 'List pull requests',
    description:
      'Pull requests of one repository, filtered by state or branch. A private repository needs the scope repo.',
    method: 'GET',
    path: '/repos/{owner}/{repo}/pulls',
    parameters: [
      ...repository,
      state,
      {
        name: 'head',
        in: 'query',
        type: 'string',
        description: 'Only those from this branch, written owner:branch.',
      },
      {
        name: 'base',
        in: 'query',
        type: 'string',
        description: 'Only those aimed at this branch.',
      },
      {
        name: 'sort',
        in: 'query',
        type: 'string',
        enum: ['created', 'updated', 'popularity', 'long-running'],
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
  // `mergeable` is filled in later: null means that GitHub is still finding out.
  {
    name: 'github_pull_request_get',
    group: 'pull_requests',
    title: 'Get pull request',
    description:
      'One pull request by its number: branches, people, size, and in mergeable and mergeable_state whether it can be merged. Null there: ask again in a few seconds.',
    method: 'GET',
    path: '/repos/{owner}/{repo}/pulls/{pull_number}',
    parameters: [...repository, pullNumber],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: [],
  },
  // 422 while one is open for the same branches, or where there is nothing between them.
  {
    name: 'github_pull_request_create',
    group: 'pull_requests',
    title: 'Create pull request',
    description:
      'Proposes to merge one branch into another. Refused while the same two branches already have one open, or have no commits between them.',
    method: 'POST',
    path: '/repos/{owner}/{repo}/pulls',
    parameters: [
      ...repository,
      {
        name: 'title',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Headline of the pull request.',
      },
      {
        name: 'head',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Branch with the changes; from a fork, written owner:branch.',
      },
      {
        name: 'base',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Branch that receives the changes.',
      },
      markdown,
      {
        name: 'draft',
        in: 'body',
        type: 'boolean',
        description: 'Open it as a draft, which cannot be merged until it is marked ready.',
      },
      {
        name: 'maintainer_can_modify',
        in: 'body',
        type: 'boolean',
        description: 'Let people who can merge push to the branch with the changes.',
      },
    ],
    response: 'object',
    effect: 'write',
    role: 'Write',
    scopes: ['public_repo'],
  },
  // 405 not mergeable now, 409 `sha` is not the head.
  {
    name: 'github_pull_request_merge',
    group: 'pull_requests',
    title: 'Merge a pull request',
    description:
      'Merges into the target branch now. Send sha so that exactly the reviewed commit is merged; the API cannot undo it.',
    method: 'PUT',
    path: '/repos/{owner}/{repo}/pulls/{pull_number}/merge',
    parameters: [
      ...repository,
      pullNumber,
      {
        name: 'sha',
        in: 'body',
        type: 'string',
        description: 'Head commit that was looked at; GitHub refuses if the branch has moved on.',
      },
      {
        name: 'merge_method',
        in: 'body',
        type: 'string',
        enum: ['merge', 'squash', 'rebase'],
        description: 'How the commits are joined. The repository may allow only some.',
      },
      {
        name: 'commit_title',
        in: 'body',
        type: 'string',
        description: 'First line of the commit that merges.',
      },
      {
        name: 'commit_message',
        in: 'body',
        type: 'string',
        description: 'Further lines of the commit that merges.',
      },
    ],
    response: 'object',
    effect: 'write',
    target: { tool: 'github_pull_request_get' },
    sensitive: true,
    idempotent: true,
    role: 'Write',
    scopes: ['public_repo'],
  },
]
