import type { ToolDefinition, ToolParameter } from '../definition.ts'
import {
  memberId,
  memberSearch,
  newMember,
  skipSubresources,
  unassignIssuables,
} from './member-parameters.ts'
import {
  archived,
  newName,
  owned,
  paging,
  search,
  simple,
  sort,
  topLevelOnly,
  visibility,
  visibilityFilter,
} from './parameters.ts'

const groupId: ToolParameter = {
  name: 'group_id',
  aliases: ['id'],
  in: 'path',
  pathParam: 'id',
  type: 'string',
  required: true,
  description: 'Group: its number, or its full path such as parent/name.',
}
const groupDescription: ToolParameter = {
  name: 'description',
  in: 'body',
  type: 'string',
  description: 'What the group is for.',
}
const projectCreationLevel: ToolParameter = {
  name: 'project_creation_level',
  in: 'body',
  type: 'string',
  enum: ['noone', 'owner', 'maintainer', 'developer', 'administrator'],
  description: 'Who may create projects in it.',
}
const subgroupCreationLevel: ToolParameter = {
  name: 'subgroup_creation_level',
  in: 'body',
  type: 'string',
  enum: ['owner', 'maintainer'],
  description: 'Who may create subgroups in it.',
}
const requestAccessEnabled: ToolParameter = {
  name: 'request_access_enabled',
  in: 'body',
  type: 'boolean',
  description: 'Let people ask to join.',
}
const lfsEnabled: ToolParameter = {
  name: 'lfs_enabled',
  in: 'body',
  type: 'boolean',
  description: 'Allow Git LFS in its projects.',
}

export const groups: readonly ToolDefinition[] = [
  // GitLab.com: 50 calls a minute.
  {
    name: 'gitlab_groups_list',
    group: 'groups',
    title: 'List groups',
    description:
      'Groups the connected user can reach. Set owned or min_access_level to leave out those that are merely visible.',
    method: 'GET',
    path: '/groups',
    parameters: [
      search,
      {
        name: 'owned',
        in: 'query',
        type: 'boolean',
        description: 'Leave out groups the user does not own.',
      },
      {
        name: 'min_access_level',
        in: 'query',
        type: 'integer',
        enum: [10, 15, 20, 30, 40, 50],
        description: 'Only groups where the user has at least this role number.',
      },
      topLevelOnly,
      {
        name: 'all_available',
        in: 'query',
        type: 'boolean',
        description: 'Also groups that are merely visible to the user.',
      },
      visibilityFilter,
      {
        name: 'order_by',
        in: 'query',
        type: 'string',
        enum: ['name', 'path', 'id', 'similarity'],
        description: 'Field the results are ordered by.',
      },
      sort,
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // with_projects is deprecated and gives at most 100.
  {
    name: 'gitlab_group_get',
    group: 'groups',
    title: 'Get group',
    description: 'One group by number or path: name, visibility, parent, settings.',
    method: 'GET',
    path: '/groups/{id}',
    parameters: [
      groupId,
      {
        name: 'with_projects',
        in: 'query',
        type: 'boolean',
        description: "Include the group's projects (deprecated, up to 100).",
      },
    ],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // GitLab.com refuses top-level groups through the API.
  {
    name: 'gitlab_group_create',
    group: 'groups',
    title: 'Create group',
    description:
      'Makes a group, or a subgroup when parent_id is given. GitLab.com takes only subgroups this way.',
    method: 'POST',
    path: '/groups',
    parameters: [
      {
        name: 'name',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Name of the group, as people see it.',
      },
      {
        name: 'path',
        in: 'body',
        type: 'string',
        required: true,
        description: "Segment of the group's address.",
      },
      {
        name: 'parent_id',
        in: 'body',
        type: 'integer',
        description: 'Id of the group this one goes under; a top-level group if left out.',
      },
      groupDescription,
      visibility,
      projectCreationLevel,
      subgroupCreationLevel,
      requestAccessEnabled,
      lfsEnabled,
    ],
    response: 'object',
    effect: 'write',
    scopes: ['api'],
  },
  {
    name: 'gitlab_group_update',
    group: 'groups',
    title: 'Update group',
    description:
      "Changes a group's name, path, description, visibility or creation rules; fields left out stay as they are.",
    method: 'PUT',
    path: '/groups/{id}',
    parameters: [
      groupId,
      newName,
      {
        name: 'path',
        in: 'body',
        type: 'string',
        description: "New segment of the group's address.",
      },
      groupDescription,
      visibility,
      projectCreationLevel,
      subgroupCreationLevel,
      requestAccessEnabled,
      lfsEnabled,
    ],
    needsField: true,
    response: 'object',
    effect: 'write',
    sensitive: true,
    idempotent: true,
    scopes: ['api'],
  },
  // Answers 202. Needs Owner. Deletion is delayed (on every tier since 18.0), after which it is
  // final.
  {
    name: 'gitlab_group_delete',
    group: 'groups',
    title: 'Delete group',
    description:
      'Schedules a group for deletion with every subgroup and project in it. Owners only; how long it can still be restored depends on the instance.',
    method: 'DELETE',
    path: '/groups/{id}',
    parameters: [groupId],
    response: 'object',
    effect: 'destroy',
    idempotent: true,
    scopes: ['api'],
  },
  {
    name: 'gitlab_group_projects_list',
    group: 'groups',
    title: 'List group projects',
    description:
      'Projects that belong to a group, and to its subgroups as well if include_subgroups is set.',
    method: 'GET',
    path: '/groups/{id}/projects',
    parameters: [
      groupId,
      search,
      visibilityFilter,
      archived,
      {
        name: 'include_subgroups',
        in: 'query',
        type: 'boolean',
        description: 'Also projects of subgroups.',
      },
      owned,
      simple,
      {
        name: 'order_by',
        in: 'query',
        type: 'string',
        enum: [
          'id',
          'name',
          'path',
          'created_at',
          'updated_at',
          'similarity',
          'star_count',
          'last_activity_at',
        ],
        description: 'Field the results are ordered by.',
      },
      sort,
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // Direct members only; GitLab has /members/all for inherited ones. The REST name of search is
  // query.
  {
    name: 'gitlab_group_members_list',
    group: 'groups',
    title: 'List group members',
    description:
      'People who were added to this group directly, with role number and expiry. Those inherited from a parent group are not shown.',
    method: 'GET',
    path: '/groups/{id}/members',
    parameters: [groupId, memberSearch, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // 409 when the person is a member already. Several ids in one call are not all-or-nothing.
  {
    name: 'gitlab_group_member_add',
    group: 'groups',
    title: 'Add group member',
    description:
      'Gives a person a role in a group and in everything below it. Refused as a conflict if they are a member already.',
    method: 'POST',
    path: '/groups/{id}/members',
    parameters: [groupId, ...newMember],
    anyOf: [['user_id'], ['username']],
    response: 'object',
    effect: 'write',
    sensitive: true,
    scopes: ['api'],
  },
  // Answers 204. 60 removals a minute.
  {
    name: 'gitlab_group_member_remove',
    group: 'groups',
    title: 'Remove group member',
    description: 'Removes a person from a group and, by default, from its subgroups and projects.',
    method: 'DELETE',
    path: '/groups/{id}/members/{user_id}',
    parameters: [groupId, memberId, skipSubresources, unassignIssuables],
    response: 'none',
    effect: 'destroy',
    idempotent: true,
    scopes: ['api'],
  },
]
