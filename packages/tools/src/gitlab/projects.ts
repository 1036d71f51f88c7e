import type { ToolDefinition, ToolParameter } from '../definition.ts'
import {
  archived,
  newName,
  paging,
  projectId,
  search,
  simple,
  sort,
  topLevelOnly,
  visibility,
  visibilityFilter,
} from './parameters.ts'

const projectDescription: ToolParameter = {
  name: 'description',
  in: 'body',
  type: 'string',
  description: 'What the project is about.',
}
const mergeMethod: ToolParameter = {
  name: 'merge_method',
  in: 'body',
  type: 'string',
  enum: ['merge', 'rebase_merge', 'ff'],
  description: 'How merge requests are merged.',
}
const onlyAllowMergeIfPipelineSucceeds: ToolParameter = {
  name: 'only_allow_merge_if_pipeline_succeeds',
  in: 'body',
  type: 'boolean',
  description: 'Refuse merges while the pipeline has not succeeded.',
}
const removeSourceBranchAfterMerge: ToolParameter = {
  name: 'remove_source_branch_after_merge',
  in: 'body',
  type: 'boolean',
  description: 'Delete source branches on merge by default.',
}
const searchText: ToolParameter = {
  name: 'search',
  in: 'query',
  type: 'string',
  required: true,
  description: 'Text to look for.',
}
const searchedState: ToolParameter = {
  name: 'state',
  in: 'query',
  type: 'string',
  enum: ['opened', 'closed', 'merged', 'all'],
  description: 'Only issues or merge requests in this state; ignored for other scopes.',
}
const searchedConfidential: ToolParameter = {
  name: 'confidential',
  in: 'query',
  type: 'boolean',
  description: 'Only confidential issues, or only those that are not; ignored for other scopes.',
}

export const projects: readonly ToolDefinition[] = [
  // X-Total headers are missing above 10,000 rows. Keyset paging (pagination=keyset with
  // order_by=id) exists for long walks.
  {
    name: 'gitlab_projects_list',
    group: 'projects',
    title: 'List projects',
    description:
      'Projects the connected user can reach, newest first by default. Set membership or owned before searching: without them every public project of the instance counts too.',
    method: 'GET',
    path: '/projects',
    parameters: [
      {
        name: 'owned',
        in: 'query',
        type: 'boolean',
        description: 'Leave out projects the user does not own.',
      },
      {
        name: 'membership',
        in: 'query',
        type: 'boolean',
        description: 'Leave out projects the user does not belong to.',
      },
      {
        name: 'starred',
        in: 'query',
        type: 'boolean',
        description: 'Only projects the user has starred.',
      },
      archived,
      visibilityFilter,
      search,
      simple,
      {
        name: 'min_access_level',
        in: 'query',
        type: 'integer',
        enum: [10, 15, 20, 30, 40, 50],
        description: 'Only projects where the user has at least this role number.',
      },
      {
        name: 'with_issues_enabled',
        in: 'query',
        type: 'boolean',
        description: 'Only projects whose issue tracker is on.',
      },
      {
        name: 'with_merge_requests_enabled',
        in: 'query',
        type: 'boolean',
        description: 'Only projects that accept merge requests.',
      },
      {
        name: 'topic',
        in: 'query',
        type: 'string',
        description: 'Topics a project must have, separated by commas.',
      },
      {
        name: 'last_activity_after',
        in: 'query',
        type: 'string',
        format: 'date-time',
        description: 'Only projects active after this ISO 8601 moment.',
      },
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
          'star_count',
          'last_activity_at',
          'similarity',
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
  // A project that moved answers 301 with the numeric address; follow it on the same host.
  {
    name: 'gitlab_project_get',
    group: 'projects',
    title: 'Get project',
    description:
      'One project by number or path: default branch, visibility, topics, merge settings, links. Also the way to turn a path into a numeric id.',
    method: 'GET',
    path: '/projects/{id}',
    parameters: [
      projectId,
      {
        name: 'statistics',
        in: 'query',
        type: 'boolean',
        description: 'Add storage and commit counts (needs Reporter or above).',
      },
      {
        name: 'license',
        in: 'query',
        type: 'boolean',
        description: 'Add the licence GitLab found in the repository.',
      },
    ],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // GitLab needs name or path; its specification marks neither as required. GitLab.com: 200
  // projects a day for one user.
  {
    name: 'gitlab_project_create',
    group: 'projects',
    title: 'Create project',
    description:
      'Makes a new project for the user, or inside a group when namespace_id is given. Set initialize_with_readme if the next step is to commit files.',
    method: 'POST',
    path: '/projects',
    parameters: [
      {
        name: 'name',
        in: 'body',
        type: 'string',
        description: 'Name of the project; this or path must be given.',
      },
      {
        name: 'path',
        in: 'body',
        type: 'string',
        description: "Last segment of the project's address; made from name if left out.",
      },
      {
        name: 'namespace_id',
        in: 'body',
        type: 'integer',
        description:
          "Id of the group or namespace the project goes into; the user's own if left out.",
      },
      projectDescription,
      visibility,
      {
        name: 'default_branch',
        in: 'body',
        type: 'string',
        description: 'Name of the default branch (only with initialize_with_readme).',
      },
      {
        name: 'initialize_with_readme',
        in: 'body',
        type: 'boolean',
        description: 'Start the repository with a README commit.',
      },
      {
        name: 'topics',
        in: 'body',
        type: 'array',
        items: 'string',
        description: 'Topics of the project.',
      },
      mergeMethod,
      onlyAllowMergeIfPipelineSucceeds,
      removeSourceBranchAfterMerge,
    ],
    anyOf: [['name'], ['path']],
    response: 'object',
    effect: 'write',
    scopes: ['api'],
  },
  {
    name: 'gitlab_project_update',
    group: 'projects',
    title: 'Update project',
    description:
      "Changes a project's name, path, visibility, default branch, topics or merge rules; fields left out stay as they are. Making a project public exposes its code.",
    method: 'PUT',
    path: '/projects/{id}',
    parameters: [
      projectId,
      newName,
      {
        name: 'path',
        in: 'body',
        type: 'string',
        description:
          "New last segment of the project's address; old addresses redirect for a while.",
      },
      projectDescription,
      visibility,
      {
        name: 'default_branch',
        in: 'body',
        type: 'string',
        description: 'Name of the default branch.',
      },
      {
        name: 'topics',
        in: 'body',
        type: 'array',
        items: 'string',
        description: 'Topics of the project; they replace the current ones.',
      },
      mergeMethod,
      {
        name: 'squash_option',
        in: 'body',
        type: 'string',
        enum: ['never', 'always', 'default_on', 'default_off'],
        description: 'Squash policy for merges.',
      },
      onlyAllowMergeIfPipelineSucceeds,
      {
        name: 'only_allow_merge_if_all_discussions_are_resolved',
        in: 'body',
        type: 'boolean',
        description: 'Refuse merges while threads are open.',
      },
      removeSourceBranchAfterMerge,
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
    name: 'gitlab_project_delete',
    group: 'projects',
    title: 'Delete project',
    description:
      'Schedules a project for deletion together with its code, issues and pipelines. Owners only; how long it can still be restored depends on the instance.',
    method: 'DELETE',
    path: '/projects/{id}',
    parameters: [projectId],
    response: 'object',
    effect: 'destroy',
    idempotent: true,
    scopes: ['api'],
  },
  // Answers 201 before the copy is done.
  {
    name: 'gitlab_project_fork',
    group: 'projects',
    title: 'Fork project',
    description:
      'Copies a project into another namespace and keeps the link to the original. The copy is made in the background: read import_status of the new project until it says finished.',
    method: 'POST',
    path: '/projects/{id}/fork',
    parameters: [
      projectId,
      {
        name: 'namespace_id',
        in: 'body',
        type: 'integer',
        description: 'Id of the namespace the fork goes to; see gitlab_namespaces_list.',
      },
      {
        name: 'namespace_path',
        in: 'body',
        type: 'string',
        description: 'Path of the namespace the fork goes to, instead of its id.',
      },
      { name: 'name', in: 'body', type: 'string', description: 'Name of the fork.' },
      { name: 'path', in: 'body', type: 'string', description: 'Path segment of the fork.' },
      { name: 'description', in: 'body', type: 'string', description: 'Description of the fork.' },
      visibility,
      {
        name: 'branches',
        in: 'body',
        type: 'string',
        description: 'Copy only this branch; all of them if left out.',
      },
    ],
    response: 'object',
    effect: 'write',
    scopes: ['api'],
  },
  {
    name: 'gitlab_project_forks_list',
    group: 'projects',
    title: 'List forks',
    description:
      'Copies of a project that other people or groups have made, as far as the user may see them.',
    method: 'GET',
    path: '/projects/{id}/forks',
    parameters: [
      projectId,
      { name: 'owned', in: 'query', type: 'boolean', description: 'Only forks the user owns.' },
      {
        name: 'membership',
        in: 'query',
        type: 'boolean',
        description: 'Only forks the user is a member of.',
      },
      visibilityFilter,
      search,
      {
        name: 'order_by',
        in: 'query',
        type: 'string',
        enum: ['id', 'name', 'path', 'created_at', 'updated_at', 'last_activity_at'],
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
  // 304 when the star is there already: success.
  {
    name: 'gitlab_project_star',
    group: 'projects',
    title: 'Star project',
    description:
      'Marks a project as a favourite of the connected user. A star that is already there counts as success.',
    method: 'POST',
    path: '/projects/{id}/star',
    parameters: [projectId],
    response: 'object',
    effect: 'write',
    idempotent: true,
    scopes: ['api'],
  },
  // 304 when there was no star: success.
  {
    name: 'gitlab_project_unstar',
    group: 'projects',
    title: 'Unstar project',
    description:
      "Removes the connected user's star from a project. A star that is not there counts as success.",
    method: 'POST',
    path: '/projects/{id}/unstar',
    parameters: [projectId],
    response: 'object',
    effect: 'write',
    idempotent: true,
    scopes: ['api'],
  },
  // GitLab.com: 100 searches a minute for one user. /projects/{id}/-/search is the same endpoint.
  {
    name: 'gitlab_project_search',
    group: 'projects',
    title: 'Search in project',
    description:
      'Looks for text inside one project; scope says where: issues, merge requests, milestones, comments, commits, file contents (blobs), wiki pages or members.',
    method: 'GET',
    path: '/projects/{id}/search',
    parameters: [
      projectId,
      {
        name: 'scope',
        in: 'query',
        type: 'string',
        enum: [
          'issues',
          'merge_requests',
          'milestones',
          'notes',
          'wiki_blobs',
          'commits',
          'blobs',
          'users',
        ],
        required: true,
        description: 'What to search in.',
      },
      searchText,
      {
        name: 'ref',
        in: 'query',
        type: 'string',
        description: 'Branch or tag to search in (blobs, commits, wiki_blobs).',
      },
      searchedState,
      searchedConfidential,
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // wiki_blobs, commits, blobs and notes need advanced or exact code search (Premium and above);
  // otherwise 400 'Scope supported only with advanced search', or 'scope does not have a valid
  // value' on the community edition. GitLab.com: 100 searches a minute for one user.
  {
    name: 'gitlab_global_search',
    group: 'projects',
    title: 'Search everywhere',
    description:
      'Looks for text in everything the user can see on the instance. The scopes for code, commits, comments and wikis work only where the instance has advanced search.',
    method: 'GET',
    path: '/search',
    parameters: [
      {
        name: 'scope',
        in: 'query',
        type: 'string',
        enum: [
          'projects',
          'issues',
          'merge_requests',
          'milestones',
          'snippet_titles',
          'users',
          'wiki_blobs',
          'commits',
          'blobs',
          'notes',
        ],
        required: true,
        description: 'What to search in.',
      },
      searchText,
      searchedState,
      searchedConfidential,
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  {
    name: 'gitlab_namespaces_list',
    group: 'projects',
    title: 'List namespaces',
    description:
      'Personal and group namespaces the user can see, with their ids. Shows where a project can be created or a fork can go.',
    method: 'GET',
    path: '/namespaces',
    parameters: [
      search,
      {
        name: 'owned_only',
        in: 'query',
        type: 'boolean',
        description: 'Only namespaces the user owns.',
      },
      topLevelOnly,
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
]
