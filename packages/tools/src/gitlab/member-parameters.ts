/** Parameters of the tools for members of groups and of projects. */
import type { ToolParameter } from '../definition.ts'

export const memberSearch: ToolParameter = {
  name: 'search',
  aliases: ['query'],
  in: 'query',
  wireName: 'query',
  type: 'string',
  description: 'Part of a name, username or address.',
}

const newMemberId: ToolParameter = {
  name: 'user_id',
  in: 'body',
  type: 'string',
  commas: true,
  description: 'Numeric id of the person, or several separated by commas; this or username.',
}

const newMemberName: ToolParameter = {
  name: 'username',
  in: 'body',
  type: 'string',
  description: 'Username of the person, instead of user_id.',
}

const accessLevel: ToolParameter = {
  name: 'access_level',
  in: 'body',
  type: 'integer',
  enum: [10, 15, 20, 30, 40, 50],
  required: true,
  description:
    'Role to give, by number: guest 10, planner 15, reporter 20, developer 30, maintainer 40, owner 50.',
}

const membershipExpiresAt: ToolParameter = {
  name: 'expires_at',
  in: 'body',
  type: 'string',
  format: 'date',
  description: 'Day on which the membership ends.',
}

export const memberId: ToolParameter = {
  name: 'user_id',
  in: 'path',
  resource: 'member',
  type: 'integer',
  required: true,
  description: 'Numeric id of the person.',
}

export const skipSubresources: ToolParameter = {
  name: 'skip_subresources',
  in: 'query',
  type: 'boolean',
  description: 'Leave memberships in subgroups and projects alone.',
}

export const unassignIssuables: ToolParameter = {
  name: 'unassign_issuables',
  in: 'query',
  type: 'boolean',
  description: 'Unassign the person from issues and merge requests.',
}

/** Who becomes a member, and as what. */
export const newMember: readonly ToolParameter[] = [
  newMemberId,
  newMemberName,
  accessLevel,
  membershipExpiresAt,
]
