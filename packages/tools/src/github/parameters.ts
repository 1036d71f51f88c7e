/** Parameters that tools of several groups have. */
import type { ToolParameter } from '../definition.ts'
import { pagingOf } from '../paging.ts'

const owner: ToolParameter = {
  name: 'owner',
  in: 'path',
  type: 'string',
  required: true,
  description: 'User or organization that the repository belongs to, such as acme.',
}

const repo: ToolParameter = {
  name: 'repo',
  in: 'path',
  place: 'repository',
  placeWithin: 'owner',
  resource: 'repository',
  type: 'string',
  required: true,
  description: 'Name of the repository, without its owner.',
}

/** Both parts of the name of a repository. */
export const repository: readonly ToolParameter[] = [owner, repo]

export const issueNumber: ToolParameter = {
  name: 'issue_number',
  in: 'path',
  resource: 'issue',
  type: 'integer',
  required: true,
  description: 'Number of the issue, as shown after #. A pull request is known by its number, too.',
}

export const pullNumber: ToolParameter = {
  name: 'pull_number',
  in: 'path',
  resource: 'pull_request',
  type: 'integer',
  required: true,
  description: 'Number of the pull request, as shown after #.',
}

export const markdown: ToolParameter = {
  name: 'body',
  in: 'body',
  type: 'string',
  description: "Longer text, in GitHub's Markdown.",
}

export const direction: ToolParameter = {
  name: 'direction',
  in: 'query',
  type: 'string',
  enum: ['asc', 'desc'],
  description: 'Direction of the order.',
}

export const state: ToolParameter = {
  name: 'state',
  in: 'query',
  type: 'string',
  enum: ['open', 'closed', 'all'],
  default: 'open',
  description: 'Only those in this state. Default: open.',
}

/** GitHub links to the next page. */
export const paging: readonly ToolParameter[] = pagingOf(30)
