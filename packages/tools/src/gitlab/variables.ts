import type { ToolDefinition, ToolParameter } from '../definition.ts'
import { paging, projectId } from './parameters.ts'

const variableKey: ToolParameter = {
  name: 'key',
  in: 'path',
  resource: 'variable',
  type: 'string',
  required: true,
  description: 'Name of the variable.',
}
const environmentFilter: ToolParameter = {
  name: 'filter_environment_scope',
  in: 'query',
  wireName: 'filter[environment_scope]',
  type: 'string',
  description: 'Environment scope of the variable that is meant, when several share the name.',
}
const variableType: ToolParameter = {
  name: 'variable_type',
  in: 'body',
  type: 'string',
  enum: ['env_var', 'file'],
  description: 'Plain variable or file.',
}
const isProtected: ToolParameter = {
  name: 'protected',
  in: 'body',
  type: 'boolean',
  description: 'Give it only to pipelines on protected refs.',
}
const masked: ToolParameter = {
  name: 'masked',
  in: 'body',
  type: 'boolean',
  description: 'Hide the value in job logs.',
}
const raw: ToolParameter = {
  name: 'raw',
  in: 'body',
  type: 'boolean',
  description: 'Do not expand $ references inside it.',
}
const variableDescription: ToolParameter = {
  name: 'description',
  in: 'body',
  type: 'string',
  description: 'What the variable is for.',
}

export const variables: readonly ToolDefinition[] = [
  // Needs Maintainer. GitLab sends values in clear even when they are masked (masking is for
  // logs); only hidden ones are null. The executor redacts.
  {
    name: 'gitlab_project_variables_list',
    group: 'variables',
    title: 'List CI/CD variables',
    description:
      "Names and settings of a project's CI/CD variables. Values are withheld unless the tenant's policy reveals them; maintainers only.",
    method: 'GET',
    path: '/projects/{id}/variables',
    parameters: [projectId, ...paging],
    response: 'list',
    withholds: ['value'],
    effect: 'read',
    sensitive: true,
    idempotent: true,
    role: 'Maintainer',
    scopes: ['read_api'],
  },
  // Needs Maintainer. GitLab sends the value in clear unless it is hidden; the executor redacts.
  // 409 when several variables share the name.
  {
    name: 'gitlab_project_variable_get',
    group: 'variables',
    title: 'Get CI/CD variable',
    description:
      "Settings of one CI/CD variable. Its value is withheld unless the tenant's policy reveals it; maintainers only.",
    method: 'GET',
    path: '/projects/{id}/variables/{key}',
    parameters: [projectId, variableKey, environmentFilter],
    response: 'object',
    withholds: ['value'],
    effect: 'read',
    sensitive: true,
    idempotent: true,
    role: 'Maintainer',
    scopes: ['read_api'],
  },
  // masked_and_hidden since 17.4; description since 16.2. The answer repeats the value: the
  // executor redacts.
  {
    name: 'gitlab_project_variable_create',
    group: 'variables',
    title: 'Create CI/CD variable',
    description:
      "Adds a variable that the project's jobs can read. masked keeps it out of logs, protected ties it to protected refs, environment_scope to some environments.",
    method: 'POST',
    path: '/projects/{id}/variables',
    parameters: [
      projectId,
      {
        name: 'key',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Name of the variable: letters, digits and underscores.',
      },
      {
        name: 'value',
        in: 'body',
        type: 'string',
        required: true,
        secret: true,
        description: 'Value of the variable.',
      },
      {
        name: 'masked_and_hidden',
        in: 'body',
        type: 'boolean',
        description: 'Mask it and never show its value again.',
      },
      variableType,
      isProtected,
      masked,
      raw,
      {
        name: 'environment_scope',
        in: 'body',
        type: 'string',
        description: 'Environments it is for, such as production or review/*; all if left out.',
      },
      variableDescription,
    ],
    response: 'object',
    withholds: ['value'],
    effect: 'write',
    sensitive: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
  // Older instances want value in every update. The answer repeats the value: the executor
  // redacts. 409 when several variables share the name.
  {
    name: 'gitlab_project_variable_update',
    group: 'variables',
    title: 'Update CI/CD variable',
    description:
      'Changes the value or settings of a variable. If several share the name, filter_environment_scope says which one is meant.',
    method: 'PUT',
    path: '/projects/{id}/variables/{key}',
    parameters: [
      projectId,
      variableKey,
      {
        name: 'value',
        in: 'body',
        type: 'string',
        secret: true,
        description: 'New value. Default: the current one.',
      },
      variableType,
      isProtected,
      masked,
      raw,
      {
        name: 'environment_scope',
        in: 'body',
        type: 'string',
        description: 'New set of environments it is for.',
      },
      variableDescription,
      {
        name: 'filter_environment_scope',
        in: 'body',
        wireName: 'filter[environment_scope]',
        type: 'string',
        description:
          'Environment scope of the variable that is meant, when several share the name.',
      },
    ],
    needsField: true,
    response: 'object',
    withholds: ['value'],
    effect: 'write',
    target: { tool: 'gitlab_project_variable_get' },
    sensitive: true,
    idempotent: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
  // Answers 204. 409 when several variables share the name.
  {
    name: 'gitlab_project_variable_delete',
    group: 'variables',
    title: 'Delete CI/CD variable',
    description:
      'Removes a variable, and with it the value; jobs that need it fail from then on. If several share the name, filter_environment_scope says which one is meant.',
    method: 'DELETE',
    path: '/projects/{id}/variables/{key}',
    parameters: [projectId, variableKey, environmentFilter],
    response: 'none',
    effect: 'destroy',
    target: { tool: 'gitlab_project_variable_get' },
    idempotent: true,
    role: 'Maintainer',
    scopes: ['api'],
  },
]
