import type { ToolDefinition, ToolParameter } from '../definition.ts'
import { jobScope, paging, projectId } from './parameters.ts'

const jobId: ToolParameter = {
  name: 'job_id',
  in: 'path',
  resource: 'job',
  type: 'integer',
  required: true,
  description: 'Global id of the job, as in its address.',
}

export const jobs: readonly ToolDefinition[] = [
  // No X-Total headers. 600 calls a minute for one user.
  {
    name: 'gitlab_jobs_list',
    group: 'jobs',
    title: 'List jobs',
    description:
      'Jobs of a project across its pipelines, newest first, limited to some statuses if wanted. No total is given: follow nextPage.',
    method: 'GET',
    path: '/projects/{id}/jobs',
    parameters: [projectId, jobScope, ...paging],
    response: 'list',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  {
    name: 'gitlab_job_get',
    group: 'jobs',
    title: 'Get job',
    description:
      'One job: stage, status, duration, runner, failure reason, and the artifacts it kept.',
    method: 'GET',
    path: '/projects/{id}/jobs/{job_id}',
    parameters: [projectId, jobId],
    response: 'object',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // Stops work that is going on.
  {
    name: 'gitlab_job_cancel',
    group: 'jobs',
    title: 'Cancel job',
    description: 'Stops one job that is waiting or running.',
    method: 'POST',
    path: '/projects/{id}/jobs/{job_id}/cancel',
    parameters: [projectId, jobId],
    response: 'object',
    effect: 'write',
    target: { tool: 'gitlab_job_get' },
    sensitive: true,
    idempotent: true,
    role: 'Developer',
    scopes: ['api'],
  },
  // 403 "Job is not retryable" is about the job, not about rights.
  {
    name: 'gitlab_job_retry',
    group: 'jobs',
    title: 'Retry job',
    description:
      'Starts a fresh run of one finished job; the new run has a new id. GitLab refuses for jobs that cannot be repeated.',
    method: 'POST',
    path: '/projects/{id}/jobs/{job_id}/retry',
    parameters: [projectId, jobId],
    response: 'object',
    effect: 'write',
    target: { tool: 'gitlab_job_get' },
    sensitive: true,
    role: 'Developer',
    scopes: ['api'],
  },
  // GitLab sends text/plain of any size, and an empty text for a job that never ran. max_bytes
  // and keep are handled by the executor.
  {
    name: 'gitlab_job_log_get',
    group: 'jobs',
    title: 'Read job log',
    description:
      'Text that a job printed. A long log is cut to max_bytes, keeping the end, where failures show; the full size is reported.',
    method: 'GET',
    path: '/projects/{id}/jobs/{job_id}/trace',
    parameters: [
      projectId,
      jobId,
      {
        name: 'max_bytes',
        in: 'query',
        local: true,
        type: 'integer',
        minimum: 1024,
        maximum: 1048576,
        default: 102400,
        description: 'Longest piece of log to return, in bytes.',
      },
      {
        name: 'keep',
        in: 'query',
        local: true,
        type: 'string',
        enum: ['end', 'start'],
        default: 'end',
        description: 'Which part of a long log to keep.',
      },
    ],
    response: 'text',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
  // application/zip, often through a redirect to object storage: the credential must not follow
  // it. max_bytes is handled by the executor.
  {
    name: 'gitlab_job_artifacts_download',
    group: 'jobs',
    title: 'Download job artifacts',
    description:
      'Zip archive that a job left behind, as Base64 up to a size limit. Not found when the job kept none or they have expired.',
    method: 'GET',
    path: '/projects/{id}/jobs/{job_id}/artifacts',
    parameters: [
      projectId,
      jobId,
      {
        name: 'max_bytes',
        in: 'query',
        local: true,
        type: 'integer',
        minimum: 1024,
        maximum: 33554432,
        default: 8388608,
        description: 'Largest archive to return, in bytes; a larger one is refused with its size.',
      },
    ],
    response: 'binary',
    effect: 'read',
    idempotent: true,
    scopes: ['read_api'],
  },
]
