import { HTTPException } from 'hono/http-exception'
import { type Group, type Project, roles } from '../store/projects.ts'
import type { User } from '../store/state.ts'
import type { Store } from '../store/store.ts'
import { forbidden, notAllowed, notFound } from './refusals.ts'
import type { ApiCall } from './route.ts'

export type Role = keyof typeof roles

/**
 * The project that the path names, by number or by full path. One that the caller may not see is not found; one that
 * has moved is a redirect.
 */
export function projectOf(call: ApiCall, placeholder = 'id'): Project {
  const named = call.part(placeholder)
  const project = findProject(call.store, named)
  if (project !== undefined && canSee(call.store, call.user, project)) return project
  const moved = movedTo(call.store, named)
  if (moved !== undefined && canSee(call.store, call.user, moved)) throw redirect(call, moved)
  throw notFound('Project')
}

/** The same, for a caller who has a role in it. */
export function projectAs(call: ApiCall, role: Role): Project {
  const project = projectOf(call)
  requireRole(call, project, role)
  return project
}

/** The same, for a caller who may read its code: guests of a private project may not. */
export function projectWithCode(call: ApiCall): Project {
  const project = projectOf(call)
  if (project.visibility === 'private') requireRole(call, project, 'reporter')
  return project
}

export function findProject({ tables }: Store, named: string): Project | undefined {
  // A path without a slash is never looked for.
  if (/^\d+$/.test(named)) return tables.projects.get(Number(named))
  const path = named.toLowerCase()
  return [...tables.projects.values()].find((one) => one.path.toLowerCase() === path)
}

/** The group that the path names, if the caller may see it. */
export function groupOf(call: ApiCall, placeholder = 'id'): Group {
  const group = findGroup(call.store, call.part(placeholder))
  if (group === undefined || !canSeeGroup(call.store, call.user, group)) throw notFound('Group')
  return group
}

export function groupAs(call: ApiCall, role: Role): Group {
  const group = groupOf(call)
  if (levelInGroup(call.store, call.user, group) < roles[role]) throw forbidden()
  return group
}

export function findGroup({ tables }: Store, named: string): Group | undefined {
  if (/^\d+$/.test(named)) return tables.groups.get(Number(named))
  const path = named.toLowerCase()
  return [...tables.groups.values()].find((one) => one.path.toLowerCase() === path)
}

export function requireRole({ store, user }: ApiCall, project: Project, role: Role): void {
  if (levelIn(store, user, project) < roles[role]) throw forbidden()
}

export function canSee(store: Store, user: User, project: Project): boolean {
  return project.visibility !== 'private' || levelIn(store, user, project) > 0
}

/** Members of a project below it see a private group, too. */
export function canSeeGroup(store: Store, user: User, group: Group): boolean {
  if (group.visibility !== 'private' || levelInGroup(store, user, group) > 0) return true
  return [...store.tables.projects.values()].some(
    (project) => isBelow(project.path, group.path) && levelIn(store, user, project) > 0,
  )
}

/** The highest role of a user in a project, inherited ones included; 0: none. */
export function levelIn(store: Store, user: User, project: Project): number {
  if (project.namespace === user.username) return roles.owner
  const group = parentOf(store, project)
  const inherited = group === undefined ? 0 : levelInGroup(store, user, group)
  return Math.max(directLevel(store, 'project', project.id, user), inherited)
}

export function levelInGroup(store: Store, user: User, group: Group): number {
  const parent = parentOf(store, group)
  const inherited = parent === undefined ? 0 : levelInGroup(store, user, parent)
  return Math.max(directLevel(store, 'group', group.id, user), inherited)
}

/** The role that was given right there. */
export function directLevel(
  { tables }: Store,
  of: 'project' | 'group',
  ofId: number,
  user: User,
): number {
  const levels = [...tables.members.values()]
    .filter((member) => member.of === of && member.ofId === ofId && member.userId === user.id)
    .map((member) => member.accessLevel)
  return Math.max(0, ...levels)
}

/** The group in which a project or a group is; undefined for what is a user's own, and at the top. */
export function parentOf(store: Store, place: Project | Group): Group | undefined {
  if ('namespace' in place) return findGroup(store, place.namespace)
  return place.parentId === null ? undefined : store.tables.groups.get(place.parentId)
}

export function isBelow(path: string, group: string): boolean {
  return path.startsWith(`${group}/`)
}

function movedTo({ tables }: Store, named: string): Project | undefined {
  const row = [...tables.projectRedirects.values()].find(({ path }) => path === named.toLowerCase())
  return row === undefined ? undefined : tables.projects.get(row.projectId)
}

/** GitLab leads a reader to the number of the project, and nobody else. */
function redirect({ context, instance }: ApiCall, { id }: Project): HTTPException {
  const { method, url } = context.req
  if (method !== 'GET' && method !== 'HEAD') {
    return notAllowed('Non GET methods are not allowed for moved projects')
  }
  const { pathname, search } = new URL(url)
  const below = pathname.slice(`${instance.root}/api/v4`.length)
  const to = below.replace(/^\/projects\/[^/]+/, `/projects/${id}`) + search
  const location = `${instance.url()}/api/v4${to}`
  const body = `This resource has been moved permanently to ${location}.`
  const headers = { location, 'content-type': 'text/plain' }
  return new HTTPException(301, { res: new Response(body, { status: 301, headers }) })
}
