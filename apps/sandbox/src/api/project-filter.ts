import { z } from 'zod'
import { type Project, roles } from '../store/projects.ts'
import { param } from './input.ts'
import { keysetPage, page } from './paging.ts'
import { canSee, levelIn } from './places.ts'
import { projectView, simpleProjectView } from './project-view.ts'
import { notAllowed } from './refusals.ts'
import type { ApiCall } from './route.ts'

const visibility = z.enum(['private', 'internal', 'public'])
const orders = [
  'id',
  'name',
  'path',
  'created_at',
  'updated_at',
  'last_activity_at',
  'similarity',
  'star_count',
] as const

const projectFilter = z.object({
  search: param.text.default(''),
  search_namespaces: param.bool.default(false),
  membership: param.bool.default(false),
  owned: param.bool.default(false),
  starred: param.bool.default(false),
  archived: param.bool.optional(),
  visibility: visibility.optional(),
  min_access_level: param.int.optional(),
  topic: param.list.default([]),
  id_after: param.int.optional(),
  id_before: param.int.optional(),
  last_activity_after: param.time.optional(),
  last_activity_before: param.time.optional(),
  order_by: z.enum(orders).default('created_at'),
  sort: z.enum(['asc', 'desc']).default('desc'),
  simple: param.bool.default(false),
  pagination: z.enum(['keyset', 'offset', 'legacy']).optional(),
})

type ProjectFilter = z.infer<typeof projectFilter>

/** A page of those projects that the caller may see and asks for. */
export function listProjectsOf(call: ApiCall, among: () => readonly Project[]): Response {
  const filter = call.read(projectFilter)
  const rows = among().filter((project) => isAskedFor(call, project, filter))
  rows.sort((a, b) => compare(a, b, filter.order_by) || a.id - b.id)
  if (filter.sort === 'desc') rows.reverse()
  const view = filter.simple ? simpleProjectView : projectView
  const show = (project: Project) => view(call, project)
  if (filter.pagination !== 'keyset') return page(call, rows, show)
  if (filter.order_by !== 'id') {
    throw notAllowed('Keyset pagination is not yet available for this type of request')
  }
  const name = filter.sort === 'asc' ? 'id_after' : 'id_before'
  return keysetPage(call, rows, show, { name, cursorOf: ({ id }) => String(id) })
}

function isAskedFor({ store, user }: ApiCall, project: Project, filter: ProjectFilter): boolean {
  const level = levelIn(store, user, project)
  const least = Math.max(
    filter.min_access_level ?? 0,
    filter.owned ? roles.owner : 0,
    filter.membership ? 1 : 0,
  )
  return (
    canSee(store, user, project) &&
    level >= least &&
    isNamed(project, filter) &&
    (!filter.starred || project.starredBy.includes(user.id)) &&
    (filter.archived === undefined || filter.archived === project.archived) &&
    (filter.visibility === undefined || filter.visibility === project.visibility) &&
    filter.topic.every((topic) => project.topics.includes(topic)) &&
    isWithin(project, filter)
  )
}

function isNamed(project: Project, { search, search_namespaces }: ProjectFilter): boolean {
  const texts = [
    project.name,
    search_namespaces ? project.path : (project.path.split('/').at(-1) ?? ''),
    project.description ?? '',
  ]
  return texts.some((text) => text.toLowerCase().includes(search.toLowerCase()))
}

function isWithin({ id, activeAt }: Project, filter: ProjectFilter): boolean {
  return (
    id > (filter.id_after ?? 0) &&
    id < (filter.id_before ?? Number.POSITIVE_INFINITY) &&
    activeAt > (filter.last_activity_after ?? 0) &&
    activeAt < (filter.last_activity_before ?? Number.POSITIVE_INFINITY)
  )
}

function compare(a: Project, b: Project, order: ProjectFilter['order_by']): number {
  switch (order) {
    case 'name':
    case 'path':
      return a[order].toLowerCase() < b[order].toLowerCase() ? -1 : 1
    case 'created_at':
      return a.createdAt - b.createdAt
    case 'updated_at':
    case 'last_activity_at':
      return a.activeAt - b.activeAt
    case 'star_count':
      return a.stars + a.starredBy.length - b.stars - b.starredBy.length
    case 'id':
    case 'similarity':
      return a.id - b.id
    default:
      return order satisfies never
  }
}
