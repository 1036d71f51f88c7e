import { z } from 'zod'
import type { Milestone } from '../store/issues.ts'
import { type InProject, inProject, moments, nextIid, ofProject, webUrl } from './in-project.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { invalid, notFound } from './refusals.ts'
import { numberPart, requireOne } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const list = '/projects/{id}/milestones'
// The global id, not the number that people see.
const one = `${list}/{milestone_id}`

export const milestoneRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listMilestones },
  { method: 'POST', path: list, handle: createMilestone },
  { method: 'GET', path: one, handle: showMilestone },
  { method: 'PUT', path: one, handle: updateMilestone },
  { method: 'DELETE', path: one, handle: deleteMilestone },
]

const filter = z.object({
  state: z.enum(['active', 'closed', 'all']).default('all'),
  iids: param.ints.default([]),
  title: param.text.optional(),
  search: param.text.default(''),
})

function listMilestones(outer: ApiCall): Response {
  const asked = outer.read(filter)
  const call = inProject(outer)
  const words = asked.search.toLowerCase()
  const rows = ofProject(call, call.store.tables.milestones)
    .filter((row) => asked.state === 'all' || row.state === asked.state)
    .filter((row) => asked.iids.length === 0 || asked.iids.includes(row.iid))
    .filter((row) => (asked.title ?? row.title) === row.title)
    .filter((row) => `${row.title}\n${row.description}`.toLowerCase().includes(words))
    .sort((a, b) => b.id - a.id)
  return page(call, rows, (row) => milestoneView(call, row))
}

const date = z.union([z.literal('').transform(() => null), param.date]).optional()
const written = { description: param.text.optional(), due_date: date, start_date: date }

function createMilestone(outer: ApiCall): Response {
  const given = outer.read(z.object({ ...written, title: param.text }))
  const call = inProject(outer, 'planner')
  const { store, project, instance } = call
  const row: Milestone = {
    id: store.nextId(),
    iid: nextIid(ofProject(call, store.tables.milestones)),
    projectId: project.id,
    title: given.title.trim(),
    description: given.description ?? '',
    state: 'active',
    dueDate: given.due_date ?? null,
    startDate: given.start_date ?? null,
    createdAt: instance.now(),
    updatedAt: instance.now(),
  }
  check(call, row)
  store.tables.milestones.set(row.id, row)
  return created(milestoneView(call, row))
}

function check(call: InProject, row: Milestone): void {
  if (row.title === '') throw invalid({ title: ["can't be blank"] })
  const others = ofProject(call, call.store.tables.milestones).filter(({ id }) => id !== row.id)
  if (others.some(({ title }) => title === row.title)) {
    throw invalid({ title: ['already being used for another group or project milestone.'] })
  }
  if (row.dueDate !== null && row.startDate !== null && row.dueDate < row.startDate) {
    throw invalid({ due_date: ['must be greater than start date'] })
  }
}

function showMilestone(outer: ApiCall): Response {
  const call = inProject(outer)
  return ok(milestoneView(call, findMilestone(call)))
}

const changes = z.object({
  ...written,
  title: param.text.optional(),
  state_event: z.enum(['close', 'activate']).optional(),
})

function updateMilestone(outer: ApiCall): Response {
  const given = outer.read(changes)
  requireOne(given, ['title', 'description', 'due_date', 'start_date', 'state_event'])
  const call = inProject(outer, 'planner')
  const row = findMilestone(call)
  const next: Milestone = {
    ...row,
    title: given.title?.trim() ?? row.title,
    description: given.description ?? row.description,
    dueDate: given.due_date === undefined ? row.dueDate : given.due_date,
    startDate: given.start_date === undefined ? row.startDate : given.start_date,
    updatedAt: call.instance.now(),
  }
  check(call, next)
  if (given.state_event !== undefined) {
    next.state = given.state_event === 'close' ? 'closed' : 'active'
  }
  call.store.tables.milestones.set(row.id, next)
  return ok(milestoneView(call, next))
}

/** Issues and merge requests lose it; they stay. */
function deleteMilestone(outer: ApiCall): Response {
  const call = inProject(outer, 'planner')
  const { id } = findMilestone(call)
  const { issues, mergeRequests, milestones } = call.store.tables
  for (const row of [...issues.values(), ...mergeRequests.values()]) {
    if (row.milestoneId === id) row.milestoneId = null
  }
  milestones.delete(id)
  return noContent()
}

function findMilestone(call: InProject): Milestone {
  const row = call.store.tables.milestones.get(numberPart(call, 'milestone_id'))
  if (row?.projectId !== call.project.id) throw notFound()
  return row
}

export function milestoneView(call: InProject, row: Milestone): Record<string, unknown> {
  const today = new Date(call.instance.now()).toISOString().slice(0, 10)
  return {
    id: row.id,
    iid: row.iid,
    project_id: row.projectId,
    title: row.title,
    description: row.description,
    state: row.state,
    ...moments({ created_at: row.createdAt, updated_at: row.updatedAt }),
    due_date: row.dueDate,
    start_date: row.startDate,
    expired: row.dueDate !== null && row.dueDate < today,
    web_url: webUrl(call, `/-/milestones/${row.iid}`),
  }
}
