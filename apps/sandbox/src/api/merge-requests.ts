import { z } from 'zod'
import { commitsSince } from '../store/history.ts'
import type { MergeRequest } from '../store/merge-requests.ts'
import { roles } from '../store/projects.ts'
import { branchNamed } from '../store/repository.ts'
import { commitView, diffViews } from './commit-views.ts'
import {
  type InProject,
  inProject,
  nextIid,
  ofProject,
  personIds,
  requireReader,
} from './in-project.ts'
import { param } from './input.ts'
import { matchesIds, readCommonFilter, select } from './issuable-filter.ts'
import { applyFields, oneOf, readIssuableFields } from './issuables.ts'
import { titleOf } from './issues.ts'
import { commitsOf, isDraft, pipelinesOf, revisionsOf } from './merge-request-state.ts'
import { mergeRequestBasicView, mergeRequestView } from './merge-request-view.ts'
import { addSystemNote } from './note-rows.ts'
import { page } from './paging.ts'
import { pipelineBasicView } from './pipeline-view.ts'
import { canSee, levelIn } from './places.ts'
import { forbidden, invalid, notFound, refusal } from './refusals.ts'
import { numberPart, requireOne } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'

const list = '/projects/{id}/merge_requests'
const one = `${list}/{merge_request_iid}`

export const mergeRequestRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listMergeRequests },
  { method: 'POST', path: list, handle: createMergeRequest },
  { method: 'GET', path: one, handle: showMergeRequest },
  { method: 'PUT', path: one, handle: updateMergeRequest },
  { method: 'GET', path: `${one}/commits`, handle: listCommits },
  { method: 'GET', path: `${one}/diffs`, handle: listDiffs },
  { method: 'GET', path: `${one}/pipelines`, handle: listPipelines },
]

const filter = z.object({
  state: z.enum(['opened', 'closed', 'locked', 'merged', 'all']).default('all'),
  scope: z
    .enum([
      'created-by-me',
      'assigned-to-me',
      'created_by_me',
      'assigned_to_me',
      'reviews_for_me',
      'all',
    ])
    .default('all'),
  order_by: z
    .enum([
      'created_at',
      'label_priority',
      'merged_at',
      'milestone_due',
      'popularity',
      'priority',
      'title',
      'updated_at',
    ])
    .default('created_at'),
  wip: z.enum(['yes', 'no']).optional(),
  source_branch: param.text.optional(),
  target_branch: param.text.optional(),
  reviewer_id: z.union([param.text, z.int().transform(String)]).optional(),
  reviewer_username: param.text.optional(),
})

function listMergeRequests(outer: ApiCall): Response {
  const asked = { ...outer.read(filter), ...readCommonFilter(outer) }
  const call = inProject(outer)
  requireReader(call)
  const reviewers = asked.reviewer_username === undefined ? [] : [asked.reviewer_username]
  const rows = ofProject(call, call.store.tables.mergeRequests)
    .filter((row) => asked.wip === undefined || isDraft(row) === (asked.wip === 'yes'))
    .filter((row) => (asked.source_branch ?? row.sourceBranch) === row.sourceBranch)
    .filter((row) => (asked.target_branch ?? row.targetBranch) === row.targetBranch)
    .filter((row) => matchesIds(asked.reviewer_id, row.reviewerIds))
    .filter((row) => personIds(call, reviewers).every((id) => row.reviewerIds.includes(id)))
  return page(call, select(call, rows, asked), (row) => mergeRequestBasicView(call, row))
}

const written = {
  reviewer_ids: param.ints.optional(),
  remove_source_branch: param.bool.optional(),
  allow_collaboration: param.bool.optional(),
  squash: param.bool.optional(),
}

const newMergeRequest = z.object({
  ...written,
  title: param.text,
  source_branch: param.text,
  target_branch: param.text,
  target_project_id: param.int.optional(),
})

function createMergeRequest(outer: ApiCall): Response {
  const given = { ...outer.read(newMergeRequest), ...readIssuableFields(outer) }
  const source = inProject(outer, 'developer')
  const call = targetOf(source, given.target_project_id)
  const { store, user, instance } = call
  const row: MergeRequest = {
    id: store.nextId(),
    iid: nextIid(ofProject(call, store.tables.mergeRequests)),
    projectId: call.project.id,
    sourceProjectId: source.project.id,
    title: titleOf(given.title),
    description: '',
    state: 'opened',
    sourceBranch: given.source_branch,
    targetBranch: given.target_branch,
    labels: [],
    authorId: user.id,
    assigneeIds: [],
    reviewerIds: [],
    approvedBy: [],
    milestoneId: null,
    squash: false,
    removeSourceBranch: false,
    allowCollaboration: false,
    discussionLocked: false,
    autoMerge: false,
    createdAt: instance.now(),
    updatedAt: instance.now(),
    closedAt: null,
    closedById: null,
    merged: null,
  }
  checkBranches(call, row)
  apply(call, row, given)
  store.tables.mergeRequests.set(row.id, row)
  return created(mergeRequestView(call, row))
}

/** The project that it goes to: the same one, or that of which the source is a fork. */
function targetOf(source: InProject, targetId: number | undefined): InProject {
  const { store, user } = source
  const target = store.tables.projects.get(targetId ?? source.project.id)
  if (target === undefined || !canSee(store, user, target)) throw notFound('Project')
  if (target.id !== source.project.id && source.project.forkedFromId !== target.id) {
    throw refusal(422, { message: ['Source project is not a fork of the target project'] })
  }
  return { ...source, project: target, level: levelIn(store, user, target) }
}

function checkBranches(call: InProject, row: MergeRequest): void {
  const { store } = call
  if (row.sourceProjectId === row.projectId && row.sourceBranch === row.targetBranch) {
    throw refusal(422, { message: ["You can't use same project/branch for source and target"] })
  }
  if (branchNamed(store, row.sourceProjectId, row.sourceBranch) === undefined) {
    throw invalid({ source_branch: ['does not exist'] })
  }
  if (branchNamed(store, row.projectId, row.targetBranch) === undefined) {
    throw invalid({ target_branch: ['does not exist'] })
  }
  const other = ofProject(call, store.tables.mergeRequests).find(
    (each) =>
      each.id !== row.id &&
      each.state === 'opened' &&
      each.sourceProjectId === row.sourceProjectId &&
      each.sourceBranch === row.sourceBranch &&
      each.targetBranch === row.targetBranch,
  )
  if (other !== undefined) {
    const sentence = `Another open merge request already exists for this source branch: !${other.iid}`
    throw refusal(409, { message: [sentence] })
  }
}

type Written = Partial<z.infer<z.ZodObject<typeof written>>> & ReturnType<typeof readIssuableFields>

function apply(call: InProject, row: MergeRequest, given: Written): void {
  applyFields(call, row, given)
  if (given.reviewer_ids !== undefined) row.reviewerIds = oneOf(call, given.reviewer_ids)
  row.removeSourceBranch = given.remove_source_branch ?? row.removeSourceBranch
  row.allowCollaboration = given.allow_collaboration ?? row.allowCollaboration
  row.squash = given.squash ?? row.squash
}

const shown = z.object({
  include_diverged_commits_count: param.bool.default(false),
  include_rebase_in_progress: param.bool.default(false),
  render_html: param.bool.default(false),
})

function showMergeRequest(outer: ApiCall): Response {
  const asked = outer.read(shown)
  const call = inProject(outer)
  const row = findMergeRequest(call)
  const revisions = revisionsOf(call, row)
  const diverged =
    revisions === undefined ? [] : commitsSince(call.store, revisions.head, revisions.start)
  return ok({
    ...mergeRequestView(call, row),
    ...(asked.include_diverged_commits_count ? { diverged_commits_count: diverged.length } : {}),
    ...(asked.include_rebase_in_progress ? { rebase_in_progress: false } : {}),
    // Shown as it is: what matters is that the fields are there.
    ...(asked.render_html ? { title_html: row.title, description_html: row.description } : {}),
  })
}

const changes = z.object({
  ...written,
  title: param.text.optional(),
  target_branch: param.text.optional(),
  state_event: z.enum(['close', 'reopen']).optional(),
})

const changeable = [
  'assignee_id',
  'assignee_ids',
  'reviewer_ids',
  'description',
  'labels',
  'add_labels',
  'remove_labels',
  'milestone_id',
  'remove_source_branch',
  'allow_collaboration',
  'squash',
  'target_branch',
  'title',
  'state_event',
  'discussion_locked',
]

function updateMergeRequest(outer: ApiCall): Response {
  const given = { ...outer.read(changes), ...readIssuableFields(outer) }
  requireOne(given, changeable)
  const call = inProject(outer)
  const row = findMergeRequest(call)
  if (call.level < roles.developer && row.authorId !== call.user.id) throw forbidden()
  const next = { ...row, targetBranch: given.target_branch ?? row.targetBranch }
  if (given.title !== undefined) next.title = titleOf(given.title)
  if (given.target_branch !== undefined) checkBranches(call, next)
  if (given.state_event === 'reopen' && row.state === 'closed') checkBranches(call, next)
  apply(call, next, given)
  call.store.tables.mergeRequests.set(row.id, next)
  if (given.state_event !== undefined) changeState(call, next, given.state_event)
  next.updatedAt = call.instance.now()
  return ok(mergeRequestView(call, next))
}

/** One that is merged stays so, without a word. */
function changeState(call: InProject, row: MergeRequest, event: 'close' | 'reopen'): void {
  const closes = event === 'close'
  if (row.state !== (closes ? 'opened' : 'closed')) return
  row.state = closes ? 'closed' : 'opened'
  row.closedAt = closes ? call.instance.now() : null
  row.closedById = closes ? call.user.id : null
  addSystemNote(call, row, closes ? 'closed' : 'reopened')
}

function listCommits(outer: ApiCall): Response {
  const call = inProject(outer)
  const rows = commitsOf(call, findMergeRequest(call))
  return page(call, rows, (commit) => commitView(call, call.project, commit))
}

function listDiffs(outer: ApiCall): Response {
  const { unidiff } = outer.read(z.object({ unidiff: param.bool.default(false) }))
  const call = inProject(outer)
  const revisions = revisionsOf(call, findMergeRequest(call))
  const rows =
    revisions === undefined ? [] : diffViews(call, revisions.base.tree, revisions.head.tree)
  return page(call, rows, (row) => (unidiff ? { ...row, diff: withHeader(row) } : row))
}

/** The two lines with which `diff -u` begins. */
function withHeader(row: Record<string, unknown>): string {
  const [before, after] = [row.new_file, row.deleted_file].map((isMissing) =>
    isMissing === true ? '/dev/null' : undefined,
  )
  return `--- ${before ?? `a/${row.old_path}`}\n+++ ${after ?? `b/${row.new_path}`}\n${row.diff}`
}

function listPipelines(outer: ApiCall): Response {
  const call = inProject(outer)
  const rows = pipelinesOf(call, findMergeRequest(call))
  return page(call, rows, (row) => pipelineBasicView(call, row))
}

/** Guests of a private project may not see one: it is not there for them. */
export function findMergeRequest(call: InProject): MergeRequest {
  const iid = numberPart(call, 'merge_request_iid')
  const row = ofProject(call, call.store.tables.mergeRequests).find((each) => each.iid === iid)
  if (row === undefined || !canReadCode(call)) throw notFound()
  return row
}

export function canReadCode({ project, level }: Pick<InProject, 'project' | 'level'>): boolean {
  return project.visibility !== 'private' || level >= roles.reporter
}
