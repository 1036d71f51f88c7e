import type { CompactTool } from '../../compact/compact-tool.ts'
import { issues } from './issues.ts'
import { mergeRequests } from './merge-requests.ts'
import { pipelines } from './pipelines.ts'

const search: CompactTool = {
  name: 'search',
  title: 'Search',
  description:
    'Looks for text in a project, in a group, or in all that the user can see: in the first of these that is given or that has a default.',
  tool: 'gitlab_global_search',
  within: [
    { tool: 'gitlab_project_search', parameter: 'project_id', place: 'project' },
    { tool: 'gitlab_group_search', parameter: 'group_id', place: 'group' },
  ],
  takes: ['search', 'scope', 'project_id', 'group_id', 'page', 'per_page'],
  changes: { search: { name: 'query' } },
}

/** 13 read, 5 write. */
export const gitlabCompactTools: readonly CompactTool[] = [
  ...mergeRequests,
  ...issues,
  ...pipelines,
  search,
]
