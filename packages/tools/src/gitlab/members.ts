import type { ToolDefinition } from '../definition.ts'
import {
  memberId,
  memberSearch,
  newMember,
  skipSubresources,
  unassignIssuables,
} from './member-parameters.ts'
import { paging, projectId } from './parameters.ts'

export const members: readonly ToolDefinition[] = [
  // Direct members only; GitLab has /members/all for inherited ones. The REST name of search is
  // query.
  {
    name: 'gitlab_project_members_list',
    group: 'members',
    title: 'List project members',
    description:
      'People who were added to this project directly, with role number and expiry. Those inherited from a group are not shown.',
    method: 'GET',
    path: '/projects/{id}/members',
    parameters: [projectId, memberSearch, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // 409 when the person is a member already. Several ids in one call are not all-or-nothing.
  {
    name: 'gitlab_project_member_add',
    group: 'members',
    title: 'Add project member',
    description:
      'Gives a person a role in one project. Refused as a conflict if they are a member already.',
    method: 'POST',
    path: '/projects/{id}/members',
    parameters: [projectId, ...newMember],
    anyOf: [['user_id'], ['username']],
    response: 'object',
    effect: 'write',
    sensitive: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
  // Answers 204. 60 removals a minute.
  {
    name: 'gitlab_project_member_remove',
    group: 'members',
    title: 'Remove project member',
    description: 'Removes a person from a project. A role inherited from a group stays.',
    method: 'DELETE',
    path: '/projects/{id}/members/{user_id}',
    parameters: [projectId, memberId, skipSubresources, unassignIssuables],
    response: 'none',
    effect: 'destroy',
    target: { tool: 'gitlab_project_members_list', item: { field: 'id', parameter: 'user_id' } },
    idempotent: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
]
