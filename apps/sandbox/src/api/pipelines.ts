import { z } from 'zod'
import type { Pipeline } from '../store/ci.ts'
import { branchNamed, tagNamed } from '../store/repository.ts'
import { type InProject, inProject, nextIid, ofProject, requireLevel } from './in-project.ts'
import { param } from './input.ts'
import { addJobs, cancelJob, requireVerified, retryJob } from './job-rows.ts'
import { jobsInScope, jobView, statuses, statusScope } from './jobs.ts'
import { page } from './paging.ts'
import { jobsOf, pipelineBasicView, pipelineView, statusOf } from './pipeline-view.ts'
import { invalid, notFound } from './refusals.ts'
import { numberPart } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const list = '/projects/{id}/pipelines'
const one = `${list}/{pipeline_id}`

export const pipelineRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listPipelines },
  { method: 'POST', path: '/projects/{id}/pipeline', handle: createPipeline },
  { method: 'GET', path: one, handle: showPipeline },
  { method: 'DELETE', path: one, handle: deletePipeline },
  { method: 'GET', path: `${one}/variables`, handle: listPipelineVariables },
  { method: 'GET', path: `${one}/jobs`, handle: listPipelineJobs },
  { method: 'POST', path: `${one}/retry`, handle: retryPipeline },
  { method: 'POST', path: `${one}/cancel`, handle: cancelPipeline },
]

const filter = z.object({
  scope: z.enum(['running', 'pending', 'finished', 'branches', 'tags']).optional(),
  status: z.enum(statuses).optional(),
  ref: param.text.optional(),
  sha: param.text.optional(),
  source: param.text.optional(),
  username: param.text.optional(),
  created_after: param.time.default(0),
  created_before: param.time.default(Number.MAX_SAFE_INTEGER),
  updated_after: param.time.default(0),
  updated_before: param.time.default(Number.MAX_SAFE_INTEGER),
  order_by: z.enum(['id', 'status', 'ref', 'updated_at', 'user_id']).default('id'),
  sort: z.enum(['asc', 'desc']).default('desc'),
})
type Filter = z.infer<typeof filter>

function listPipelines(outer: ApiCall): Response {
  const asked = outer.read(filter)
  const call = inProject(outer)
  const direction = asked.sort === 'asc' ? 1 : -1
  const rows = ofProject(call, call.store.tables.pipelines)
    .filter((row) => matches(call, row, asked))
    .sort((a, b) => direction * (compare(a, b, asked.order_by) || a.id - b.id))
  return page(call, rows, (row) => pipelineBasicView(call, row))
}

function matches(call: InProject, row: Pipeline, asked: Filter): boolean {
  const status = statusOf(jobsOf(call, row))
  const inScope: Record<NonNullable<Filter['scope']>, boolean> = {
    running: status === 'running',
    pending: status === 'pending',
    finished: ['success', 'failed', 'canceled'].includes(status),
    branches: !row.tag,
    tags: row.tag,
  }
  return (
    (asked.scope === undefined || inScope[asked.scope]) &&
    (asked.status ?? status) === status &&
    (asked.ref ?? row.ref) === row.ref &&
    (asked.sha ?? row.sha) === row.sha &&
    (asked.source ?? row.source) === row.source &&
    (asked.username === undefined || call.store.userByName(asked.username)?.id === row.userId) &&
    row.createdAt >= asked.created_after &&
    row.createdAt <= asked.created_before &&
    row.updatedAt >= asked.updated_after &&
    row.updatedAt <= asked.updated_before
  )
}

function compare(a: Pipeline, b: Pipeline, key: Filter['order_by']): number {
  if (key === 'ref') return a.ref < b.ref ? -1 : Number(a.ref > b.ref)
  if (key === 'updated_at') return a.updatedAt - b.updatedAt
  return key === 'user_id' ? a.userId - b.userId : 0
}

const newPipeline = z.object({
  ref: param.text,
  variables: z
    .array(
      z.object({
        key: param.text,
        value: param.text,
        variable_type: z.enum(['env_var', 'file']).default('env_var'),
      }),
    )
    .default([]),
  inputs: z.record(z.string(), z.unknown()).optional(),
})

function createPipeline(outer: ApiCall): Response {
  const given = outer.read(newPipeline)
  const call = inProject(outer, 'developer')
  const { store, project, user, instance } = call
  const at = headOf(call, given.ref)
  if (at === undefined) throw invalid({ base: ['Reference not found'] })
  if (!user.identityVerified) {
    throw invalid({ base: ['Identity verification is required in order to run CI jobs'] })
  }
  const pipeline: Pipeline = {
    id: store.nextId(),
    iid: nextIid(ofProject(call, store.tables.pipelines)),
    projectId: project.id,
    sha: at.sha,
    ref: given.ref,
    tag: at.tag,
    source: 'api',
    userId: user.id,
    variables: given.variables.map(({ key, value, variable_type: type }) => ({ key, value, type })),
    createdAt: instance.now(),
    updatedAt: instance.now(),
  }
  store.tables.pipelines.set(pipeline.id, pipeline)
  addJobs(call, pipeline)
  return created(pipelineView(call, pipeline))
}

/** Of a branch or a tag: a SHA is no ref. */
function headOf(
  { store, project }: InProject,
  ref: string,
): { sha: string; tag: boolean } | undefined {
  const branch = branchNamed(store, project.id, ref)
  const named = branch ?? tagNamed(store, project.id, ref)
  return named === undefined ? undefined : { sha: named.sha, tag: branch === undefined }
}

function showPipeline(outer: ApiCall): Response {
  const call = inProject(outer)
  return ok({ ...pipelineView(call, findPipeline(call)), name: null })
}

function deletePipeline(outer: ApiCall): Response {
  const call = inProject(outer)
  const { id } = findPipeline(call)
  requireLevel(call, 'owner')
  const { pipelines, jobs } = call.store.tables
  for (const job of jobs.values()) if (job.pipelineId === id) jobs.delete(job.id)
  pipelines.delete(id)
  return noContent()
}

function listPipelineVariables(outer: ApiCall): Response {
  const call = inProject(outer, 'developer')
  const { variables } = findPipeline(call)
  return page(call, variables, ({ key, value, type }) => ({ variable_type: type, key, value }))
}

const jobFilter = z.object({
  scope: statusScope,
  include_retried: param.bool.default(false),
})

function listPipelineJobs(outer: ApiCall): Response {
  const asked = outer.read(jobFilter)
  const call = inProject(outer)
  const { id } = findPipeline(call)
  const rows = jobsInScope(call, asked.scope)
    .filter((job) => job.pipelineId === id)
    .filter((job) => asked.include_retried || !job.retried)
  return page(call, rows, (job) => jobView(call, job), { counted: false })
}

function retryPipeline(outer: ApiCall): Response {
  const call = inProject(outer, 'developer')
  const pipeline = findPipeline(call)
  requireVerified(call)
  for (const job of jobsOf(call, pipeline)) {
    if (job.status === 'failed' || job.status === 'canceled') retryJob(call, job)
  }
  return created(pipelineView(call, pipeline))
}

function cancelPipeline(outer: ApiCall): Response {
  const call = inProject(outer, 'developer')
  const pipeline = findPipeline(call)
  for (const job of jobsOf(call, pipeline)) cancelJob(call, job)
  return ok(pipelineView(call, pipeline))
}

function findPipeline(call: InProject): Pipeline {
  const row = call.store.tables.pipelines.get(numberPart(call, 'pipeline_id'))
  if (row?.projectId !== call.project.id) throw notFound()
  return row
}
