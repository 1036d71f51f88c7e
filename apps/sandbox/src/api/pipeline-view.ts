import type { CiStatus, Job, Pipeline } from '../store/ci.ts'
import { type InProject, moments, ofProject, webUrl } from './in-project.ts'
import { personById } from './people.ts'

/** The short form, of lists and of merge requests. */
export function pipelineBasicView(call: InProject, pipeline: Pipeline): Record<string, unknown> {
  return {
    id: pipeline.id,
    iid: pipeline.iid,
    project_id: pipeline.projectId,
    sha: pipeline.sha,
    ref: pipeline.ref,
    status: statusOf(jobsOf(call, pipeline)),
    source: pipeline.source,
    ...moments({ created_at: pipeline.createdAt, updated_at: pipeline.updatedAt }),
    web_url: webUrl(call, `/-/pipelines/${pipeline.id}`),
  }
}

export function pipelineView(call: InProject, pipeline: Pipeline): Record<string, unknown> {
  const jobs = jobsOf(call, pipeline)
  const status = statusOf(jobs)
  const { startedAt, finishedAt } = timesOf(jobs, status)
  return {
    ...pipelineBasicView(call, pipeline),
    before_sha: '0'.repeat(40),
    tag: pipeline.tag,
    yaml_errors: null,
    user: personById(call, pipeline.userId),
    ...moments({ started_at: startedAt, finished_at: finishedAt, committed_at: null }),
    duration: seconds(startedAt, finishedAt),
    queued_duration: seconds(pipeline.createdAt, startedAt),
    coverage: null,
    detailed_status: {
      icon: `status_${status}`,
      text: status,
      label: status,
      group: status,
      tooltip: status,
      has_details: true,
      details_path: `/${call.project.path}/-/pipelines/${pipeline.id}`,
      illustration: null,
      favicon: `/assets/ci_favicons/favicon_status_${status}.png`,
    },
  }
}

/** The jobs that count: those that were run again are left out. */
export function jobsOf(call: InProject, pipeline: Pipeline): Job[] {
  return ofProject(call, call.store.tables.jobs).filter(
    (job) => job.pipelineId === pipeline.id && !job.retried,
  )
}

/** The status of a pipeline with these jobs. */
export function statusOf(jobs: readonly Job[]): CiStatus {
  const statuses = new Set(
    jobs.map((job) => (job.allowFailure && job.status === 'failed' ? 'success' : job.status)),
  )
  const has = (...names: CiStatus[]) => names.some((name) => statuses.has(name))
  if (has('running')) return 'running'
  if (has('pending', 'created')) {
    if (has('success', 'failed')) return 'running'
    return has('pending') ? 'pending' : 'created'
  }
  if (has('failed')) return 'failed'
  if (has('canceled')) return 'canceled'
  if (has('success')) return 'success'
  return has('manual') ? 'manual' : 'skipped'
}

function timesOf(
  jobs: readonly Job[],
  status: CiStatus,
): { startedAt: number | null; finishedAt: number | null } {
  const started = jobs.flatMap((job) => job.startedAt ?? [])
  const finished = jobs.flatMap((job) => job.finishedAt ?? [])
  const isOver = !['created', 'pending', 'running'].includes(status)
  return {
    startedAt: started.length === 0 ? null : Math.min(...started),
    finishedAt: finished.length === 0 || !isOver ? null : Math.max(...finished),
  }
}

export function seconds(from: number | null, to: number | null): number | null {
  return from === null || to === null ? null : (to - from) / 1_000
}
