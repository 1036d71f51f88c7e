import { z } from 'zod'
import type { Job } from '../store/ci.ts'
import { resolve } from '../store/repository.ts'
import { artifactAnswer } from './artifacts.ts'
import { commitView } from './commit-views.ts'
import { type InProject, inProject, moments, ofProject, webUrl } from './in-project.ts'
import { logOf } from './job-log.ts'
import { cancelJob, isOver, requireVerified, retryJob, touchPipeline } from './job-rows.ts'
import { page } from './paging.ts'
import { personById } from './people.ts'
import { pipelineBasicView, seconds } from './pipeline-view.ts'
import { badRequest, forbidden, notFound } from './refusals.ts'
import { numberPart } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'

const one = '/projects/{id}/jobs/{job_id}'

export const jobRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/projects/{id}/jobs', handle: listJobs },
  { method: 'GET', path: one, handle: showJob },
  { method: 'GET', path: `${one}/trace`, handle: showLog },
  { method: 'GET', path: `${one}/artifacts`, handle: downloadArtifacts },
  { method: 'POST', path: `${one}/play`, handle: playJob },
  { method: 'POST', path: `${one}/retry`, handle: retryOneJob },
  { method: 'POST', path: `${one}/cancel`, handle: cancelOneJob },
]

/** Those that GitLab knows; not all occur here. */
export const statuses = [
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
] as const

/** A list of statuses, or one. */
export const statusScope: z.ZodType<(typeof statuses)[number][]> = z
  .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.enum(statuses)))
  .default([])

function listJobs(outer: ApiCall): Response {
  const { scope } = outer.read(z.object({ scope: statusScope }))
  const call = inProject(outer)
  return page(call, jobsInScope(call, scope), (job) => jobView(call, job), { counted: false })
}

export function jobsInScope(call: InProject, scope: readonly string[]): Job[] {
  return ofProject(call, call.store.tables.jobs)
    .filter((job) => scope.length === 0 || scope.includes(job.status))
    .sort((a, b) => b.id - a.id)
}

function showJob(outer: ApiCall): Response {
  const call = inProject(outer)
  return ok(jobView(call, findJob(call)))
}

function showLog(outer: ApiCall): Response {
  const log = logOf(findJob(inProject(outer)))
  return new Response(log, { headers: { 'content-type': 'text/plain' } })
}

function downloadArtifacts(outer: ApiCall): Response {
  const call = inProject(outer)
  const job = findJob(call)
  if (job.artifactBytes === null || !isOver(job)) throw notFound()
  return artifactAnswer(call.instance, job)
}

function playJob(outer: ApiCall): Response {
  const call = inProject(outer, 'developer')
  const job = findJob(call)
  if (job.status !== 'manual') throw badRequest('Unplayable Job')
  requireVerified(call)
  job.status = 'pending'
  touchPipeline(call, job)
  return ok(jobView(call, job))
}

function retryOneJob(outer: ApiCall): Response {
  const call = inProject(outer, 'developer')
  const job = findJob(call)
  requireVerified(call)
  if (!isOver(job) || job.retried) throw forbidden('Job is not retryable')
  return created(jobView(call, retryJob(call, job)))
}

function cancelOneJob(outer: ApiCall): Response {
  const call = inProject(outer, 'developer')
  const job = findJob(call)
  cancelJob(call, job)
  return created(jobView(call, job))
}

function findJob(call: InProject): Job {
  const row = call.store.tables.jobs.get(numberPart(call, 'job_id'))
  if (row?.projectId !== call.project.id) throw notFound()
  return row
}

export function jobView(call: InProject, job: Job): Record<string, unknown> {
  const pipeline = call.store.tables.pipelines.get(job.pipelineId)
  if (pipeline === undefined) throw new Error('invariant: a job has a pipeline')
  const commit = resolve(call.store, call.project.id, pipeline.sha)
  return {
    id: job.id,
    status: job.status,
    stage: job.stage,
    name: job.name,
    ref: pipeline.ref,
    tag: pipeline.tag,
    coverage: null,
    allow_failure: job.allowFailure,
    ...moments({
      created_at: job.createdAt,
      started_at: job.startedAt,
      finished_at: job.finishedAt,
      erased_at: null,
      artifacts_expire_at: null,
    }),
    duration: seconds(job.startedAt, job.finishedAt),
    queued_duration: seconds(job.createdAt, job.startedAt),
    user: personById(call, job.userId),
    commit: commit === undefined ? null : commitView(call, call.project, commit),
    pipeline: pipelineBasicView(call, pipeline),
    ...(job.status === 'failed' ? { failure_reason: 'script_failure' } : {}),
    web_url: webUrl(call, `/-/jobs/${job.id}`),
    project: { ci_job_token_scope_enabled: false },
    ...artifactFields(job),
    runner: job.startedAt === null ? null : runner,
    runner_manager: null,
    archived: false,
    tag_list: [],
  }
}

const runner = {
  id: 12,
  description: 'shared-1',
  ip_address: null,
  active: true,
  paused: false,
  is_shared: true,
  runner_type: 'instance_type',
  name: 'gitlab-runner',
  online: true,
  status: 'online',
}

function artifactFields({ artifactBytes, log, logPaddingBytes }: Job): Record<string, unknown> {
  const trace = {
    file_type: 'trace',
    size: log.length + logPaddingBytes,
    filename: 'job.log',
    file_format: null,
  }
  if (artifactBytes === null) return { artifacts: [trace] }
  const file = { filename: 'artifacts.zip', size: artifactBytes }
  return {
    artifacts_file: file,
    artifacts: [{ file_type: 'archive', ...file, file_format: 'zip' }, trace],
  }
}
