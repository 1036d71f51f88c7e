import type { CompactTool, ParameterChange } from '../../compact/compact-tool.ts'
import { pipelineFields } from './pipelines.ts'

const mergeRequest: Readonly<Record<string, ParameterChange>> = {
  merge_request_iid: { name: 'mr_iid' },
}
const labels: ParameterChange = {
  type: 'array',
  items: 'string',
  description: 'Names of labels, replacing those that it has.',
}

const fields = [
  ...['id', 'iid', 'title', 'state', 'author', 'source_branch', 'target_branch', 'web_url'],
  ...['created_at', 'updated_at'],
]
const allFields = [
  ...[...fields, 'description', 'assignees', 'reviewers', 'labels', 'merge_status'],
  ...['detailed_merge_status', 'diff_refs', 'pipeline'],
]

export const mergeRequests: readonly CompactTool[] = [
  {
    name: 'list_mrs',
    title: 'List merge requests',
    description:
      'Merge requests of a project. Begin here: the others ask for the iid that each one has.',
    tool: 'gitlab_merge_requests_list',
    takes: ['project_id', 'state', 'page', 'per_page'],
    changes: { state: { enum: ['opened', 'closed', 'merged', 'all'] } },
    fields,
  },
  {
    name: 'get_mr',
    title: 'Get merge request',
    description:
      'One merge request, with its people, labels, pipeline and whether it can be merged.',
    tool: 'gitlab_merge_request_get',
    takes: ['project_id', 'merge_request_iid'],
    changes: mergeRequest,
    fields: allFields,
  },
  {
    name: 'get_mr_diffs',
    title: 'Get changes of a merge request',
    description: 'What a merge request changes, file by file, as unified diffs.',
    tool: 'gitlab_merge_request_diff_get',
    takes: ['project_id', 'merge_request_iid', 'page', 'per_page'],
    changes: mergeRequest,
    fields: ['old_path', 'new_path', 'diff', 'new_file', 'renamed_file', 'deleted_file'],
  },
  {
    name: 'get_mr_commits',
    title: 'List commits of a merge request',
    description: 'The commits that a merge request would bring.',
    tool: 'gitlab_merge_request_commits_list',
    takes: ['project_id', 'merge_request_iid', 'page', 'per_page'],
    changes: mergeRequest,
    fields: ['id', 'short_id', 'title', 'author_name', 'authored_date', 'message'],
  },
  {
    name: 'get_mr_pipelines',
    title: 'List pipelines of a merge request',
    description: 'Pipelines that ran for a merge request. Look here before merging.',
    tool: 'gitlab_merge_request_pipelines_list',
    takes: ['project_id', 'merge_request_iid', 'page', 'per_page'],
    changes: mergeRequest,
    fields: pipelineFields,
    listedWith: 'gitlab_pipelines_list',
  },
  {
    name: 'create_mr',
    title: 'Create merge request',
    description: 'Proposes to merge one branch into another.',
    tool: 'gitlab_merge_request_create',
    takes: [
      ...['project_id', 'title', 'source_branch', 'target_branch', 'description', 'assignee_ids'],
      ...['reviewer_ids', 'labels'],
    ],
    changes: { labels: { ...labels, description: 'Names of labels to put on it.' } },
    fields: allFields,
  },
  {
    name: 'update_mr',
    title: 'Update merge request',
    description: 'Changes fields of a merge request, or closes or reopens it. The others stay.',
    tool: 'gitlab_merge_request_update',
    takes: [
      ...['project_id', 'merge_request_iid', 'title', 'description', 'assignee_ids'],
      ...['reviewer_ids', 'labels', 'state_event'],
    ],
    changes: { ...mergeRequest, labels },
    fields: allFields,
  },
]
