import type { ToolDefinition } from '../definition.ts'
import { keyExpiresAt, keyTitle, publicKey } from './key-parameters.ts'
import { owned, paging, search, sort, visibilityFilter } from './parameters.ts'

export const users: readonly ToolDefinition[] = [
  // Also the health probe of a connection: 401 the token is dead, 403 the account is blocked or
  // has terms to accept.
  {
    name: 'gitlab_current_user_get',
    group: 'users',
    title: 'Get current user',
    description:
      "Who the connection acts as: id, username, name and state. A good first call when another tool wants the user's own id.",
    method: 'GET',
    path: '/user',
    parameters: [],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_user'],
  },
  // 300 calls in 10 minutes for one user.
  {
    name: 'gitlab_user_get',
    group: 'users',
    title: 'Get user',
    description:
      'Public profile of one person by numeric id. To find the id from a username use gitlab_users_list.',
    method: 'GET',
    path: '/users/{id}',
    parameters: [
      {
        name: 'user_id',
        aliases: ['id'],
        in: 'path',
        pathParam: 'id',
        resource: 'user',
        type: 'integer',
        required: true,
        description: 'Numeric id of the person.',
      },
    ],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_user'],
  },
  // GitLab pages by keyset above 50,000 people. Most other filters of the endpoint are for
  // administrators.
  {
    name: 'gitlab_users_list',
    group: 'users',
    title: 'Find users',
    description:
      'People on the instance, by exact username or by a search text. This is how a username becomes the numeric id that assignee and member tools want.',
    method: 'GET',
    path: '/users',
    parameters: [
      {
        name: 'search',
        in: 'query',
        type: 'string',
        description: 'Part of a name or username, or a whole public address.',
      },
      {
        name: 'username',
        in: 'query',
        type: 'string',
        description: 'Exact username; gives one person or none.',
      },
      { name: 'active', in: 'query', type: 'boolean', description: 'Only active people.' },
      { name: 'blocked', in: 'query', type: 'boolean', description: 'Only blocked people.' },
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_user'],
  },
  // GitLab.com: 300 calls a minute.
  {
    name: 'gitlab_user_projects_list',
    group: 'users',
    title: "List a user's projects",
    description:
      'Projects in the personal namespace of one person, as far as the connected user may see them.',
    method: 'GET',
    path: '/users/{user_id}/projects',
    parameters: [
      {
        name: 'user_id',
        in: 'path',
        resource: 'user',
        type: 'string',
        required: true,
        description: 'Numeric id of the person, or their username.',
      },
      visibilityFilter,
      search,
      owned,
      {
        name: 'order_by',
        in: 'query',
        type: 'string',
        enum: ['id', 'name', 'path', 'created_at', 'updated_at', 'star_count', 'last_activity_at'],
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
  {
    name: 'gitlab_current_user_ssh_keys_list',
    group: 'users',
    title: 'List own SSH keys',
    description: 'SSH public keys registered for the connected user, with their expiry.',
    method: 'GET',
    path: '/user/keys',
    parameters: [...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_user'],
  },
  // Gives lasting Git access that outlives the connection.
  {
    name: 'gitlab_ssh_key_add',
    group: 'users',
    title: 'Add SSH key',
    description:
      'Registers an SSH public key for the connected user. The holder of the private half can read and push to every repository the user can, until the key is removed.',
    method: 'POST',
    path: '/user/keys',
    parameters: [
      keyTitle,
      publicKey,
      keyExpiresAt,
      {
        name: 'usage_type',
        in: 'body',
        type: 'string',
        enum: ['auth', 'signing', 'auth_and_signing'],
        description: 'What the key may be used for.',
      },
    ],
    response: 'object',
    effect: 'write',
    sensitive: true,
    scopes: ['api'],
  },
]
