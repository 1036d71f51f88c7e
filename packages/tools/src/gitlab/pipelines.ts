import type { ToolDefinition, ToolParameter } from '../definition.ts'
import { dates, jobScope, paging, projectId, sort } from './parameters.ts'

const pipelineId: ToolParameter = {
  name: 'pipeline_id',
  in: 'path',
  type: 'integer',
  required: true,
  description: 'Global id of the pipeline, as in its address.',
}

export const pipelines: readonly ToolDefinition[] = [
  {
    name: 'gitlab_pipelines_list',
    group: 'pipelines',
    title: 'List pipelines',
    description:
      "Pipeline runs of a project, newest first, filtered by status, ref, commit, source or time. For the last day's failures use status=failed with updated_after.",
    method: 'GET',
    path: '/projects/{id}/pipelines',
    parameters: [
      projectId,
      {
        name: 'scope',
        in: 'query',
        type: 'string',
        enum: ['running', 'pending', 'finished', 'branches', 'tags'],
        description:
          'Coarse selection: running, pending or finished ones, or the latest per branch or per tag.',
      },
      {
        name: 'status',
        in: 'query',
        type: 'string',
        enum: [
          'created',
          'waiting_for_resource',
          'preparing',
          'waiting_for_callback',
          'pending',
          'running',
          'success',
          'failed',
          'canceling',
          'canceled',
          'skipped',
          'manual',
          'scheduled',
        ],
        description: 'Only pipelines in this status.',
      },
      {
        name: 'ref',
        in: 'query',
        type: 'string',
        description: 'Only pipelines that ran on this branch or tag.',
      },
      {
        name: 'sha',
        in: 'query',
        type: 'string',
        description: 'Only pipelines that ran on this commit.',
      },
      {
        name: 'source',
        in: 'query',
        type: 'string',
        description: 'What started the pipeline: push, web, schedule, api and so on.',
      },
      {
        name: 'username',
        in: 'query',
        type: 'string',
        description: 'Only pipelines started by this username.',
      },
      ...dates,
      {
        name: 'order_by',
        in: 'query',
        type: 'string',
        enum: ['id', 'status', 'ref', 'updated_at', 'user_id'],
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
    name: 'gitlab_pipeline_get',
    group: 'pipelines',
    title: 'Get pipeline',
    description:
      'One pipeline run: its status, duration, coverage, commit, and the person who started it.',
    method: 'GET',
    path: '/projects/{id}/pipelines/{pipeline_id}',
    parameters: [projectId, pipelineId],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // The path is singular. "Identity verification is required in order to run CI jobs" comes as
  // 400 (403 has been seen); "Reference not found" as 400. GitLab.com: 25 a minute for one
  // project, user or commit.
  {
    name: 'gitlab_pipeline_create',
    group: 'pipelines',
    title: 'Run pipeline',
    description:
      "Starts a pipeline on a branch or tag, with variables or inputs if the configuration takes them. Real jobs run with the project's secrets; on GitLab.com the user may first have to verify their identity.",
    method: 'POST',
    path: '/projects/{id}/pipeline',
    parameters: [
      projectId,
      {
        name: 'ref',
        in: 'body',
        type: 'string',
        required: true,
        description: 'Branch or tag the pipeline runs on; a bare commit id is not taken.',
      },
      {
        name: 'variables',
        in: 'body',
        type: 'array',
        items: 'object',
        schema: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              key: { type: 'string' },
              value: { type: 'string' },
              variable_type: { type: 'string', enum: ['env_var', 'file'] },
            },
            required: ['key', 'value'],
            additionalProperties: false,
          },
        },
        description: 'Variables for this run only.',
      },
      {
        name: 'inputs',
        in: 'body',
        type: 'object',
        schema: { type: 'object', additionalProperties: true },
        description: 'Values for inputs the CI configuration declares.',
      },
    ],
    response: 'object',
    effect: 'write',
    sensitive: true,
    scopes: ['api'],
  },
  // Stops work that is going on.
  {
    name: 'gitlab_pipeline_cancel',
    group: 'pipelines',
    title: 'Cancel pipeline',
    description: 'Stops every job of a pipeline that has not finished yet.',
    method: 'POST',
    path: '/projects/{id}/pipelines/{pipeline_id}/cancel',
    parameters: [projectId, pipelineId],
    response: 'object',
    effect: 'write',
    sensitive: true,
    idempotent: true,
    scopes: ['api'],
  },
  {
    name: 'gitlab_pipeline_retry',
    group: 'pipelines',
    title: 'Retry pipeline',
    description:
      'Runs the failed and cancelled jobs of a pipeline once more. Deploy jobs among them deploy again.',
    method: 'POST',
    path: '/projects/{id}/pipelines/{pipeline_id}/retry',
    parameters: [projectId, pipelineId],
    response: 'object',
    effect: 'write',
    sensitive: true,
    scopes: ['api'],
  },
  // Answers 204. Needs Owner.
  {
    name: 'gitlab_pipeline_delete',
    group: 'pipelines',
    title: 'Delete pipeline',
    description:
      'Erases a pipeline with its jobs, logs and artifacts. Owners only, and nothing brings it back.',
    method: 'DELETE',
    path: '/projects/{id}/pipelines/{pipeline_id}',
    parameters: [projectId, pipelineId],
    response: 'none',
    effect: 'destroy',
    idempotent: true,
    scopes: ['api'],
  },
  {
    name: 'gitlab_pipeline_jobs_list',
    group: 'pipelines',
    title: 'List pipeline jobs',
    description:
      'Jobs of one pipeline with stage, status, runner and failure reason. Use scope to see only the failed ones.',
    method: 'GET',
    path: '/projects/{id}/pipelines/{pipeline_id}/jobs',
    parameters: [
      projectId,
      pipelineId,
      jobScope,
      {
        name: 'include_retried',
        in: 'query',
        type: 'boolean',
        description: 'Show jobs that have since been retried as well.',
      },
      ...paging,
    ],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
]
