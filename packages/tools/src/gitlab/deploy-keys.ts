import type { ToolDefinition } from '../definition.ts'
import { keyExpiresAt, keyTitle, publicKey } from './key-parameters.ts'
import { paging, projectId } from './parameters.ts'

export const deployKeys: readonly ToolDefinition[] = [
  {
    name: 'gitlab_deploy_keys_list',
    group: 'deploy_keys',
    title: 'List deploy keys',
    description:
      'SSH keys that machines use to reach this one repository, and whether each may push.',
    method: 'GET',
    path: '/projects/{id}/deploy_keys',
    parameters: [projectId, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    role: 'Maintainer',
    scopes: ['read_api'],
  },
  // Gives lasting Git access that outlives the connection.
  {
    name: 'gitlab_deploy_key_create',
    group: 'deploy_keys',
    title: 'Add deploy key',
    description:
      'Lets the holder of an SSH key read this repository, and push to it if can_push is set, without any user account.',
    method: 'POST',
    path: '/projects/{id}/deploy_keys',
    parameters: [
      projectId,
      keyTitle,
      publicKey,
      {
        name: 'can_push',
        in: 'body',
        type: 'boolean',
        description: 'Let the key write as well as read.',
      },
      keyExpiresAt,
    ],
    response: 'object',
    effect: 'write',
    sensitive: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
  // Answers 204.
  {
    name: 'gitlab_deploy_key_delete',
    group: 'deploy_keys',
    title: 'Remove deploy key',
    description: 'Removes a deploy key from a project. Machines that use it lose access at once.',
    method: 'DELETE',
    path: '/projects/{id}/deploy_keys/{key_id}',
    parameters: [
      projectId,
      {
        name: 'deploy_key_id',
        aliases: ['key_id'],
        in: 'path',
        pathParam: 'key_id',
        resource: 'deploy_key',
        type: 'integer',
        required: true,
        description: 'Id of the deploy key, from the list of deploy keys.',
      },
    ],
    response: 'none',
    effect: 'destroy',
    target: { tool: 'gitlab_deploy_keys_list', item: { field: 'id', parameter: 'deploy_key_id' } },
    idempotent: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
]
