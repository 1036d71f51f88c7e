import type { Instance } from '../instance.ts'
import type { CiStatus, Job, Pipeline } from '../store/ci.ts'
import type { InProject } from './in-project.ts'
import { forbidden } from './refusals.ts'

/** What the configuration of every project here asks for. */
const configured = [
  { name: 'compile', stage: 'build', status: 'pending', artifactBytes: 2_048 },
  { name: 'unit tests', stage: 'test', status: 'created', artifactBytes: null },
  { name: 'deploy', stage: 'deploy', status: 'manual', artifactBytes: null },
] as const

export function addJobs({ store, user, instance }: InProject, pipeline: Pipeline): void {
  for (const job of configured) {
    const id = store.nextId()
    store.tables.jobs.set(id, {
      ...job,
      id,
      projectId: pipeline.projectId,
      pipelineId: pipeline.id,
      userId: user.id,
      allowFailure: job.status === 'manual',
      createdAt: instance.now(),
      startedAt: null,
      finishedAt: null,
      retried: false,
      log: '',
      logPaddingBytes: 0,
    })
  }
}

/** A new job takes the place of one that is over; the old one keeps its log. */
export function retryJob({ store, user, instance }: InProject, job: Job): Job {
  job.retried = true
  const again: Job = {
    ...job,
    id: store.nextId(),
    status: 'pending',
    userId: user.id,
    createdAt: instance.now(),
    startedAt: null,
    finishedAt: null,
    retried: false,
    log: '',
    logPaddingBytes: 0,
  }
  store.tables.jobs.set(again.id, again)
  touchPipeline({ store, instance }, again)
  return again
}

/** Does nothing to a job that is over, as GitLab. */
export function cancelJob({ store, instance }: InProject, job: Job): void {
  if (!['created', 'pending', 'running', 'manual'].includes(job.status)) return
  job.status = 'canceled'
  job.finishedAt = instance.now()
  touchPipeline({ store, instance }, job)
}

export function touchPipeline(
  { store, instance }: Pick<InProject, 'store' | 'instance'>,
  job: Job,
): void {
  const pipeline = store.tables.pipelines.get(job.pipelineId)
  if (pipeline !== undefined) pipeline.updatedAt = instance.now()
}

/** What a runner reports of a job. */
export interface JobPatch {
  status?: CiStatus
  log?: string
  logPaddingBytes?: number
  artifactBytes?: number | null
}

/** Applies what a runner reports; a status brings its times. */
export function reportJob(instance: Instance, job: Job, patch: JobPatch): void {
  Object.assign(job, patch)
  const hasRun = ['running', 'success', 'failed'].includes(job.status)
  if (hasRun) job.startedAt ??= instance.now()
  job.finishedAt = isOver(job) ? (job.finishedAt ?? instance.now()) : null
  touchPipeline({ store: instance.store, instance }, job)
}

export function isOver({ status }: Job): boolean {
  return ['success', 'failed', 'canceled'].includes(status)
}

/** GitLab.com runs no job for a person who has not shown who they are. */
export function requireVerified({ user }: InProject): void {
  if (!user.identityVerified) {
    throw forbidden('Identity verification is required in order to run CI jobs')
  }
}
