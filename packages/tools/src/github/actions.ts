// https://docs.github.com/en/rest/actions/workflow-runs
import type { ToolDefinition } from '../definition.ts'
import { paging, repository } from './parameters.ts'

export const actions: readonly ToolDefinition[] = [
  {
    name: 'github_workflow_runs_list',
    group: 'actions',
    title: 'List workflow runs',
    description:
      'Runs of the workflows of one repository, the newest first: status says how far a run is, conclusion how it ended. A private repository needs the scope repo.',
    method: 'GET',
    path: '/repos/{owner}/{repo}/actions/runs',
    parameters: [
      ...repository,
      {
        name: 'branch',
        in: 'query',
        locates: true,
        type: 'string',
        description: 'Only runs for this branch.',
      },
      {
        name: 'event',
        in: 'query',
        type: 'string',
        description: 'Only runs that this event started, such as push or pull_request.',
      },
      {
        name: 'status',
        in: 'query',
        type: 'string',
        enum: [
          'completed',
          'action_required',
          'cancelled',
          'failure',
          'neutral',
          'skipped',
          'stale',
          'success',
          'timed_out',
          'in_progress',
          'queued',
          'requested',
          'waiting',
          'pending',
        ],
        description: 'Only runs with this status or conclusion.',
      },
      {
        name: 'actor',
        in: 'query',
        type: 'string',
        description: 'Only runs that this login started.',
      },
      {
        name: 'head_sha',
        in: 'query',
        type: 'string',
        description: 'Only runs for this commit.',
      },
      ...paging,
    ],
    response: 'list',
    listIn: { items: 'workflow_runs', total: 'total_count' },
    effect: 'read',
    idempotent: true,
    scopes: [],
  },
]
