import { z } from 'zod'
import type { Issue } from '../store/issues.ts'
import { roles } from '../store/projects.ts'
import {
  apiUrl,
  type InProject,
  inProject,
  nextIid,
  ofProject,
  requireLevel,
  webUrl,
} from './in-project.ts'
import { param } from './input.ts'
import { readCommonFilter, select } from './issuable-filter.ts'
import { applyFields, issuableView, readIssuableFields } from './issuables.ts'
import { addSystemNote, deleteNotes } from './note-rows.ts'
import { page } from './paging.ts'
import { forbidden, invalid, notFound } from './refusals.ts'
import { numberPart, requireOne } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const list = '/projects/{id}/issues'
const one = `${list}/{issue_iid}`

export const issueRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listIssues },
  { method: 'POST', path: list, handle: createIssue },
  { method: 'GET', path: one, handle: showIssue },
  { method: 'PUT', path: one, handle: updateIssue },
  { method: 'DELETE', path: one, handle: deleteIssue },
]

const issueTypes = ['issue', 'incident', 'test_case', 'task'] as const

const filter = z.object({
  state: z.enum(['opened', 'closed', 'all']).default('all'),
  scope: z
    .enum(['created-by-me', 'assigned-to-me', 'created_by_me', 'assigned_to_me', 'all'])
    .default('all'),
  order_by: z
    .enum([
      'created_at',
      'due_date',
      'label_priority',
      'milestone_due',
      'popularity',
      'priority',
      'relative_position',
      'title',
      'updated_at',
      'weight',
    ])
    .default('created_at'),
  confidential: param.bool.optional(),
  due_date: z
    .enum([
      '',
      '0',
      'any',
      'today',
      'tomorrow',
      'overdue',
      'week',
      'month',
      'next_month_and_previous_two_weeks',
    ])
    .default(''),
  issue_type: z.enum(issueTypes).optional(),
})

function listIssues(outer: ApiCall): Response {
  const asked = { ...outer.read(filter), ...readCommonFilter(outer) }
  const call = inProject(outer)
  const rows = ofProject(call, call.store.tables.issues)
    .filter((issue) => canRead(call, issue))
    .filter((issue) => (asked.confidential ?? issue.confidential) === issue.confidential)
    .filter((issue) => (asked.issue_type ?? issue.type) === issue.type)
    .filter((issue) => isDue(call, issue, asked.due_date))
  return page(call, select(call, rows, asked), (issue) => issueView(call, issue))
}

function isDue({ instance }: InProject, { dueDate, state }: Issue, asked: string): boolean {
  const dayFromNow = (days: number) =>
    new Date(instance.now() + days * 86_400_000).toISOString().slice(0, 10)
  if (asked === '') return true
  if (asked === '0' || dueDate === null) return asked === '0' && dueDate === null
  if (asked === 'any') return true
  if (asked === 'today') return dueDate === dayFromNow(0)
  if (asked === 'tomorrow') return dueDate === dayFromNow(1)
  if (asked === 'overdue') return dueDate < dayFromNow(0) && state === 'opened'
  const from = dayFromNow(asked === 'next_month_and_previous_two_weeks' ? -14 : 0)
  return dueDate >= from && dueDate <= dayFromNow(asked === 'week' ? 7 : 31)
}

const written = {
  // Empty text clears it.
  due_date: z.union([z.literal('').transform(() => null), param.date]).optional(),
  confidential: param.bool.optional(),
  issue_type: z.enum(issueTypes).optional(),
  // Kept on paid plans only.
  weight: param.int.optional(),
}

function createIssue(outer: ApiCall): Response {
  const given = {
    ...outer.read(z.object({ ...written, title: param.text })),
    ...readIssuableFields(outer),
  }
  const call = inProject(outer)
  const { store, project, user } = call
  const now = call.instance.now()
  const issue: Issue = {
    id: store.nextId(),
    iid: nextIid(ofProject(call, store.tables.issues)),
    projectId: project.id,
    title: titleOf(given.title),
    description: '',
    state: 'opened',
    type: given.issue_type ?? 'issue',
    labels: [],
    authorId: user.id,
    assigneeIds: [],
    milestoneId: null,
    confidential: given.confidential ?? false,
    discussionLocked: false,
    dueDate: null,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedById: null,
  }
  // What a guest may not set is left out silently.
  const mayPlan = call.level >= roles.planner
  applyFields(call, issue, mayPlan ? given : { description: given.description })
  if (mayPlan) issue.dueDate = given.due_date ?? null
  store.tables.issues.set(issue.id, issue)
  return created(issueView(call, issue))
}

/** The title of an issue or a merge request. */
export function titleOf(title: string): string {
  if (title.trim() === '') throw invalid({ title: ["can't be blank"] })
  if (title.length > 255) throw invalid({ title: ['is too long (maximum is 255 characters)'] })
  return title.trim()
}

function showIssue(outer: ApiCall): Response {
  const call = inProject(outer)
  return ok(issueView(call, findIssue(call)))
}

const changes = z.object({
  ...written,
  title: param.text.optional(),
  state_event: z.enum(['reopen', 'close']).optional(),
})

const changeable = [
  'title',
  'description',
  'state_event',
  'assignee_id',
  'assignee_ids',
  'milestone_id',
  'labels',
  'add_labels',
  'remove_labels',
  'due_date',
  'confidential',
  'discussion_locked',
  'issue_type',
  'weight',
]

function updateIssue(outer: ApiCall): Response {
  const given = { ...outer.read(changes), ...readIssuableFields(outer) }
  requireOne(given, changeable)
  const call = inProject(outer)
  const issue = findIssue(call)
  const isOwn = issue.authorId === call.user.id || issue.assigneeIds.includes(call.user.id)
  if (call.level < roles.planner && !isOwn) throw forbidden()
  if (given.title !== undefined) issue.title = titleOf(given.title)
  if (given.confidential !== undefined) issue.confidential = given.confidential
  if (given.due_date !== undefined) issue.dueDate = given.due_date
  if (given.issue_type !== undefined) issue.type = given.issue_type
  applyFields(call, issue, given)
  if (given.state_event !== undefined) changeState(call, issue, given.state_event)
  issue.updatedAt = call.instance.now()
  return ok(issueView(call, issue))
}

function changeState(call: InProject, issue: Issue, event: 'close' | 'reopen'): void {
  const closes = event === 'close'
  if ((issue.state === 'closed') === closes) return
  issue.state = closes ? 'closed' : 'opened'
  issue.closedAt = closes ? call.instance.now() : null
  issue.closedById = closes ? call.user.id : null
  addSystemNote(call, issue, closes ? 'closed' : 'reopened')
}

function deleteIssue(outer: ApiCall): Response {
  const call = inProject(outer)
  const issue = findIssue(call)
  requireLevel(call, 'owner')
  deleteNotes(call, issue)
  call.store.tables.issues.delete(issue.id)
  return noContent()
}

/** An issue that the caller may not read is not found, as one that does not exist. */
export function findIssue(call: InProject): Issue {
  const iid = numberPart(call, 'issue_iid')
  const issue = ofProject(call, call.store.tables.issues).find((each) => each.iid === iid)
  if (issue === undefined || !canRead(call, issue)) throw notFound()
  return issue
}

export function canRead({ level, user }: Pick<InProject, 'level' | 'user'>, issue: Issue): boolean {
  return (
    !issue.confidential ||
    level >= roles.planner ||
    issue.authorId === user.id ||
    issue.assigneeIds.includes(user.id)
  )
}

export function issueView(call: InProject, issue: Issue): Record<string, unknown> {
  const path = `/issues/${issue.iid}`
  const reference = `#${issue.iid}`
  return {
    ...issuableView(call, issue),
    type: issue.type.toUpperCase(),
    issue_type: issue.type,
    confidential: issue.confidential,
    due_date: issue.dueDate,
    has_tasks: false,
    merge_requests_count: 0,
    blocking_issues_count: 0,
    moved_to_id: null,
    service_desk_reply_to: null,
    severity: 'UNKNOWN',
    subscribed: issue.authorId === call.user.id,
    references: { short: reference, relative: reference, full: call.project.path + reference },
    web_url: webUrl(call, `/-${path}`),
    _links: {
      self: apiUrl(call, path),
      notes: apiUrl(call, `${path}/notes`),
      award_emoji: apiUrl(call, `${path}/award_emoji`),
      project: apiUrl(call),
      closed_as_duplicate_of: null,
    },
  }
}
