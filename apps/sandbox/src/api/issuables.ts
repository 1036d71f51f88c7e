import { z } from 'zod'
import type { Issue } from '../store/issues.ts'
import type { MergeRequest } from '../store/merge-requests.ts'
import { type InProject, moments, ofProject } from './in-project.ts'
import { param } from './input.ts'
import { addMissingLabels } from './labels.ts'
import { milestoneView } from './milestones.ts'
import { personById } from './people.ts'
import { canSee } from './places.ts'
import type { ApiCall } from './route.ts'

/** What issues and merge requests have in common. */
export type Issuable = Issue | MergeRequest

/** Fields of a body that both take when they are made and when they change. */
export interface Fields {
  description?: string | undefined
  assignee_id?: number | undefined
  assignee_ids?: number[] | undefined
  /** 0 clears it. */
  milestone_id?: number | undefined
  labels?: string[] | undefined
  add_labels?: string[] | undefined
  remove_labels?: string[] | undefined
  discussion_locked?: boolean | undefined
}

const fields: z.ZodType<Fields> = z.object({
  description: param.text.optional(),
  assignee_id: param.int.optional(),
  assignee_ids: param.ints.optional(),
  milestone_id: z.union([z.literal('').transform(() => 0), param.int]).optional(),
  labels: param.list.optional(),
  add_labels: param.list.optional(),
  remove_labels: param.list.optional(),
  discussion_locked: param.bool.optional(),
})

export function readIssuableFields(call: ApiCall): Fields {
  return call.read(fields)
}

/** Sets what was given. People who may not see the project, and milestones of another, are left out silently. */
export function applyFields(call: InProject, row: Issuable, given: Fields): void {
  if (given.description !== undefined) row.description = given.description
  if (given.discussion_locked !== undefined) row.discussionLocked = given.discussion_locked
  const assignees =
    given.assignee_ids ?? (given.assignee_id === undefined ? undefined : [given.assignee_id])
  if (assignees !== undefined) row.assigneeIds = oneOf(call, assignees)
  if (given.milestone_id !== undefined) {
    const own = ofProject(call, call.store.tables.milestones)
    row.milestoneId = own.find((one) => one.id === given.milestone_id)?.id ?? null
  }
  const removed = new Set(given.remove_labels)
  const labels = [...(given.labels ?? row.labels), ...(given.add_labels ?? [])]
  row.labels = [...new Set(labels)].filter((name) => !removed.has(name)).sort()
  addMissingLabels(call, row.labels)
}

/** Without a paid plan an issue has one assignee, and a merge request one reviewer: the first that is named. */
export function oneOf(call: InProject, userIds: readonly number[]): number[] {
  const visible = userIds.filter((id) => {
    const user = call.store.users.get(id)
    return user !== undefined && canSee(call.store, user, call.project)
  })
  return visible.slice(0, 1)
}

/** The fields that both show. */
export function issuableView(call: InProject, row: Issuable): Record<string, unknown> {
  const { milestones, notes } = call.store.tables
  const milestone = milestones.get(row.milestoneId ?? 0)
  const kind = 'sourceBranch' in row ? 'MergeRequest' : 'Issue'
  const comments = ofProject(call, notes).filter(
    (note) => note.noteableType === kind && note.noteableId === row.id && !note.system,
  )
  const assignees = row.assigneeIds.map((id) => personById(call, id))
  return {
    id: row.id,
    iid: row.iid,
    project_id: row.projectId,
    title: row.title,
    description: row.description,
    state: row.state,
    ...moments({ created_at: row.createdAt, updated_at: row.updatedAt, closed_at: row.closedAt }),
    closed_by: personById(call, row.closedById),
    labels: row.labels,
    milestone: milestone === undefined ? null : milestoneView(call, milestone),
    assignees,
    assignee: assignees[0] ?? null,
    author: personById(call, row.authorId),
    user_notes_count: comments.length,
    upvotes: 0,
    downvotes: 0,
    discussion_locked: row.discussionLocked ? true : null,
    time_stats: {
      time_estimate: 0,
      total_time_spent: 0,
      human_time_estimate: null,
      human_total_time_spent: null,
    },
    task_completion_status: { count: 0, completed_count: 0 },
    imported: false,
    imported_from: 'none',
  }
}
