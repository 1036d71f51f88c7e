import type { ToolDefinition } from '../definition.ts'
import { groupId } from './groups.ts'
import { mergeRequestIid } from './merge-requests.ts'
import { paging, projectId } from './parameters.ts'
import { searchedConfidential, searchedState, searchText } from './projects.ts'

/** Tools that the compact profile calls; they are in no list. */
export const unlistedTools: readonly ToolDefinition[] = [
  {
    name: 'gitlab_merge_request_pipelines_list',
    group: 'merge_requests',
    title: 'List pipelines of a merge request',
    description: 'Pipelines that ran for a merge request, the newest first.',
    method: 'GET',
    path: '/projects/{id}/merge_requests/{merge_request_iid}/pipelines',
    parameters: [projectId, mergeRequestIid, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // As of the search everywhere, code, commits, comments and wikis need advanced search.
  {
    name: 'gitlab_group_search',
    group: 'groups',
    title: 'Search in group',
    description: 'Looks for text inside one group and its projects; scope says where.',
    method: 'GET',
    path: '/groups/{id}/search',
    parameters: [
      groupId,
      {
        name: 'scope',
        in: 'query',
        type: 'string',
        enum: [
          'projects',
          'issues',
          'merge_requests',
          'milestones',
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
]
