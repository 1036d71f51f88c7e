import type { CompactTool } from '../../compact/compact-tool.ts'

export const pipelineFields: readonly string[] = [
  ...['id', 'iid', 'status', 'ref', 'sha', 'web_url', 'created_at', 'updated_at'],
]

export const pipelines: readonly CompactTool[] = [
  {
    name: 'list_pipelines',
    title: 'List pipelines',
    description: 'CI/CD pipelines of a project, by status or by branch or tag.',
    tool: 'gitlab_pipelines_list',
    takes: ['project_id', 'status', 'ref', 'page', 'per_page'],
    fields: pipelineFields,
  },
  {
    name: 'get_pipeline',
    title: 'Get pipeline',
    description: 'One pipeline: how long it took, its coverage, and who started it.',
    tool: 'gitlab_pipeline_get',
    takes: ['project_id', 'pipeline_id'],
    fields: [...pipelineFields, 'duration', 'started_at', 'finished_at', 'coverage', 'user'],
  },
  {
    name: 'get_pipeline_jobs',
    title: 'List jobs of a pipeline',
    description: 'The jobs of a pipeline, with their stages and how they ended.',
    tool: 'gitlab_pipeline_jobs_list',
    takes: ['project_id', 'pipeline_id', 'page', 'per_page'],
    fields: ['id', 'name', 'stage', 'status', 'duration', 'runner', 'web_url'],
  },
  {
    name: 'get_job_log',
    title: 'Get log of a job',
    description: 'What a job printed. Of a long log, the end.',
    tool: 'gitlab_job_log_get',
    takes: ['project_id', 'job_id', 'max_bytes'],
    fields: ['content', 'truncated', 'byte_count'],
  },
]
