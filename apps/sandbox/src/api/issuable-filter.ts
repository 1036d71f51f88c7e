import { z } from 'zod'
import { type InProject, personIds } from './in-project.ts'
import { param } from './input.ts'
import type { Issuable } from './issuables.ts'
import type { ApiCall } from './route.ts'

/** Parameters by which both lists, of issues and of merge requests, are searched. */
interface CommonFilter {
  labels: string[]
  milestone: string
  /** A number, None or Any. */
  assignee_id?: string | undefined
  assignee_username: string[]
  author_id?: number | undefined
  author_username?: string | undefined
  search: string
  in: string
  iids: number[]
  created_after: number
  created_before: number
  updated_after: number
  updated_before: number
  sort: 'asc' | 'desc'
}

/** With those of the one list, whose words differ. */
export interface IssuableFilter extends CommonFilter {
  state: string
  scope: string
  order_by: string
}

const commonFilter: z.ZodType<CommonFilter> = z.object({
  labels: param.list.default([]),
  milestone: param.text.default(''),
  assignee_id: z.union([param.text, z.int().transform(String)]).optional(),
  assignee_username: param.list.default([]),
  author_id: param.int.optional(),
  author_username: param.text.optional(),
  search: param.text.default(''),
  in: param.text.default('title,description'),
  iids: param.ints.default([]),
  created_after: param.time.default(0),
  created_before: param.time.default(Number.MAX_SAFE_INTEGER),
  updated_after: param.time.default(0),
  updated_before: param.time.default(Number.MAX_SAFE_INTEGER),
  sort: z.enum(['asc', 'desc']).default('desc'),
})

export function readCommonFilter(call: ApiCall): CommonFilter {
  return call.read(commonFilter)
}

/** The rows that match, in the order that was asked for. */
export function select<Row extends Issuable>(
  call: InProject,
  rows: Row[],
  asked: IssuableFilter,
): Row[] {
  const direction = asked.sort === 'asc' ? 1 : -1
  return rows
    .filter((row) => asked.state === 'all' || row.state === asked.state)
    .filter((row) => isInScope(call, row, asked.scope) && matchesPeople(call, row, asked))
    .filter((row) => matchesWords(call, row, asked))
    .filter((row) => matchesTimes(row, asked))
    .sort((a, b) => direction * (compare(a, b, asked.order_by) || a.id - b.id))
}

function isInScope({ user }: InProject, row: Issuable, scope: string): boolean {
  const name = scope.replaceAll('-', '_')
  if (name === 'created_by_me') return row.authorId === user.id
  if (name === 'assigned_to_me') return row.assigneeIds.includes(user.id)
  if (name === 'reviews_for_me') return 'reviewerIds' in row && row.reviewerIds.includes(user.id)
  return true
}

function matchesPeople(call: InProject, row: Issuable, asked: IssuableFilter): boolean {
  const { author_id, author_username, assignee_id, assignee_username } = asked
  return (
    matchesIds(assignee_id, row.assigneeIds) &&
    personIds(call, assignee_username).every((id) => row.assigneeIds.includes(id)) &&
    (author_id ?? row.authorId) === row.authorId &&
    (author_username === undefined || personIds(call, [author_username]).includes(row.authorId))
  )
}

/** A number, or one of GitLab's words None and Any. */
export function matchesIds(asked: string | undefined, ids: readonly number[]): boolean {
  if (asked === undefined) return true
  return byWord(asked, ids.length > 0) ?? ids.includes(Number(asked))
}

/** What None and Any say of something that may be missing; undefined for any other text. */
function byWord(asked: string, isThere: boolean): boolean | undefined {
  const word = asked.toLowerCase()
  if (word === 'any') return isThere
  return word === 'none' ? !isThere : undefined
}

function matchesWords({ store }: InProject, row: Issuable, asked: IssuableFilter): boolean {
  const words = asked.search.toLowerCase()
  const searched = [
    ...(asked.in.includes('title') ? [row.title] : []),
    ...(asked.in.includes('description') ? [row.description] : []),
  ]
  const milestone = store.tables.milestones.get(row.milestoneId ?? 0)?.title
  const [onlyLabel] = asked.labels.length === 1 ? asked.labels : []
  return (
    searched.some((part) => part.toLowerCase().includes(words)) &&
    (byWord(onlyLabel ?? '', row.labels.length > 0) ??
      asked.labels.every((name) => row.labels.includes(name))) &&
    (asked.milestone === '' ||
      (byWord(asked.milestone, milestone !== undefined) ?? milestone === asked.milestone)) &&
    (asked.iids.length === 0 || asked.iids.includes(row.iid))
  )
}

function matchesTimes(row: Issuable, asked: IssuableFilter): boolean {
  return (
    row.createdAt >= asked.created_after &&
    row.createdAt <= asked.created_before &&
    row.updatedAt >= asked.updated_after &&
    row.updatedAt <= asked.updated_before
  )
}

/** Orders that the sandbox has nothing for fall back to the time of creation. */
function compare(a: Issuable, b: Issuable, key: string): number {
  if (key === 'title') return compareText(a.title, b.title)
  if (key === 'updated_at') return a.updatedAt - b.updatedAt
  if (key === 'due_date' && 'dueDate' in a && 'dueDate' in b) {
    return compareText(a.dueDate ?? '9999', b.dueDate ?? '9999')
  }
  return a.createdAt - b.createdAt
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
