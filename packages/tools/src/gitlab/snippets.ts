import type { ToolDefinition } from '../definition.ts'
import { paging, projectId } from './parameters.ts'

export const snippets: readonly ToolDefinition[] = [
  {
    name: 'gitlab_project_snippets_list',
    group: 'snippets',
    title: 'List snippets',
    description: 'Snippets kept in a project: titles, authors and file names, not their text.',
    method: 'GET',
    path: '/projects/{id}/snippets',
    parameters: [projectId, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // The text is at /raw or /files/{ref}/{file_path}/raw, which no tool covers.
  {
    name: 'gitlab_project_snippet_get',
    group: 'snippets',
    title: 'Get snippet',
    description:
      'Details of one snippet of a project: title, visibility, file names and links. The text itself is not part of the answer.',
    method: 'GET',
    path: '/projects/{id}/snippets/{snippet_id}',
    parameters: [
      projectId,
      {
        name: 'snippet_id',
        in: 'path',
        resource: 'snippet',
        type: 'integer',
        required: true,
        description: 'Id of the snippet, from the list of snippets.',
      },
    ],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // GitLab requires visibility: the executor sends private if it is left out. files excludes
  // file_name with content.
  {
    name: 'gitlab_project_snippet_create',
    group: 'snippets',
    title: 'Create snippet',
    description: 'Saves a snippet in a project, either as files or as one file_name with content.',
    method: 'POST',
    path: '/projects/{id}/snippets',
    parameters: [
      projectId,
      {
        name: 'title',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Name of the snippet.',
      },
      {
        name: 'visibility',
        in: 'body',
        type: 'string',
        enum: ['private', 'internal', 'public'],
        default: 'private',
        sendDefault: true,
        description:
          'Who can see it: members (private), anyone signed in (internal), everyone (public).',
      },
      { name: 'description', in: 'body', type: 'string', description: 'What the snippet is for.' },
      {
        name: 'files',
        in: 'body',
        type: 'array',
        items: 'object',
        schema: {
          type: 'array',
          items: {
            type: 'object',
            properties: { file_path: { type: 'string' }, content: { type: 'string' } },
            required: ['file_path', 'content'],
            additionalProperties: false,
          },
        },
        description: 'Files, each with file_path and content.',
      },
      {
        name: 'file_name',
        in: 'body',
        type: 'string',
        description: 'Name of the single file (older form; excludes files).',
      },
      {
        name: 'content',
        in: 'body',
        type: 'string',
        description: 'Text of the single file (older form; excludes files).',
      },
    ],
    anyOf: [['files'], ['file_name', 'content']],
    response: 'object',
    effect: 'write',
    scopes: ['api'],
  },
]
