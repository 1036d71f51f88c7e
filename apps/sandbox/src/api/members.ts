import { z } from 'zod'
import { type Group, type Member, type Project, roles } from '../store/projects.ts'
import type { User } from '../store/state.ts'
import type { Store } from '../store/store.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { iso, personById, personView } from './people.ts'
import { groupOf, levelIn, levelInGroup, parentOf, projectOf } from './places.ts'
import { badParameter, conflict, forbidden, invalid, notFound } from './refusals.ts'
import { numberPart } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

export const memberRoutes: readonly ApiRoute[] = (['project', 'group'] as const).flatMap((of) => {
  const list = `/${of}s/{id}/members`
  const at = (handle: (call: ApiCall, source: () => Source) => Response) => (call: ApiCall) =>
    handle(call, () => sourceOf(call, of))
  return [
    { method: 'GET', path: list, handle: at(listMembers) },
    { method: 'POST', path: list, handle: at(addMembers) },
    { method: 'GET', path: `${list}/{user_id}`, handle: at(showMember) },
    { method: 'DELETE', path: `${list}/{user_id}`, handle: at(removeMember) },
  ]
})

/** A project or a group, as that which has members. */
interface Source {
  of: Member['of']
  id: number
  /** The role of the caller. */
  level: number
  /** The group whose members are in it too. */
  parent: Group | undefined
}

function sourceOf(call: ApiCall, of: Member['of']): Source {
  const { store, user } = call
  if (of === 'group') {
    const group = groupOf(call)
    return {
      of,
      id: group.id,
      level: levelInGroup(store, user, group),
      parent: parentOf(store, group),
    }
  }
  const project = projectOf(call)
  return {
    of,
    id: project.id,
    level: levelIn(store, user, project),
    parent: parentOf(store, project),
  }
}

const memberFilter = z.object({ query: param.text.default(''), user_ids: param.ints.optional() })

function listMembers(call: ApiCall, source: () => Source): Response {
  const { query, user_ids } = call.read(memberFilter)
  const rows = membersOf(call.store, source()).filter(
    ({ userId }) =>
      (user_ids?.includes(userId) ?? true) && isCalled(call.store.users.get(userId), query),
  )
  return page(call, rows, (member) => memberView(call, member))
}

export function isCalled(user: User | undefined, words: string): boolean {
  const text = words.toLowerCase()
  return [user?.name, user?.username, user?.email].some(
    (each) => each?.toLowerCase().includes(text) === true,
  )
}

function showMember(call: ApiCall, source: () => Source): Response {
  numberPart(call, 'user_id')
  return ok(memberView(call, memberOf(call, source())))
}

const newMember = z.object({
  access_level: param.int.refine((level) => isLevel(level), 'does not have a valid value'),
  user_id: param.ints.optional(),
  username: param.list.optional(),
  expires_at: param.date.optional(),
})

function isLevel(level: number): boolean {
  return Object.values<number>(roles).includes(level)
}

function addMembers(call: ApiCall, source: () => Source): Response {
  const { access_level: level, user_id, username, expires_at } = call.read(newMember)
  if (user_id !== undefined && username !== undefined) {
    throw badParameter('user_id, username are mutually exclusive')
  }
  const ids = user_id ?? username?.map((name) => call.store.userByName(name)?.id ?? 0)
  if (ids === undefined) {
    throw badParameter('user_id, username are missing, at least one parameter must be provided')
  }
  const place = source()
  requireManager(place)
  // A maintainer makes no owners.
  if (level > place.level) throw forbidden()
  if (expires_at !== undefined && Date.parse(expires_at) < call.instance.now()) {
    throw invalid({ expires_at: ['cannot be a date in the past'] })
  }
  const added = ids.map((id) =>
    addMember(call, place, { id, level, expiresOn: expires_at ?? null }),
  )
  const [first] = added
  // Several at once are answered in short.
  return created(
    added.length > 1 || first === undefined ? { status: 'success' } : memberView(call, first),
  )
}

function addMember(
  call: ApiCall,
  place: Source,
  wish: { id: number; level: number; expiresOn: string | null },
): Member {
  const { store } = call
  const user = store.users.get(wish.id)
  if (user === undefined) throw notFound('User')
  if (membersOf(store, place).some(({ userId }) => userId === user.id)) {
    throw conflict('Member already exists')
  }
  const inherited = place.parent === undefined ? 0 : levelInGroup(store, user, place.parent)
  if (inherited > wish.level) {
    const role = Object.entries(roles).find(([, level]) => level === inherited)?.[0] ?? ''
    const name = role[0]?.toUpperCase() + role.slice(1)
    const from = `inherited membership from group ${place.parent?.name}`
    throw invalid({ access_level: [`should be greater than or equal to ${name} ${from}`] })
  }
  return insertMember(call, { ...wish, of: place.of, ofId: place.id, userId: user.id })
}

export function insertMember(
  { store, user, instance }: ApiCall,
  member: {
    of: Member['of']
    ofId: number
    userId: number
    level: number
    expiresOn?: string | null
  },
): Member {
  const row: Member = {
    id: store.nextId(),
    of: member.of,
    ofId: member.ofId,
    userId: member.userId,
    accessLevel: member.level,
    createdById: user.id,
    createdAt: instance.now(),
    expiresOn: member.expiresOn ?? null,
  }
  store.tables.members.set(row.id, row)
  return row
}

/** Also everyone may leave. */
function removeMember(call: ApiCall, source: () => Source): Response {
  const userId = numberPart(call, 'user_id')
  const place = source()
  const member = memberOf(call, place)
  if (userId !== call.user.id) requireManager(place)
  const owners = membersOf(call.store, place).filter((one) => one.accessLevel === roles.owner)
  const isLast = owners.length === 1 && owners[0]?.id === member.id
  if (place.of === 'group' && place.parent === undefined && isLast) throw forbidden()
  call.store.tables.members.delete(member.id)
  return noContent()
}

/** Maintainers of a project and owners of a group say who is in it. */
function requireManager({ of, level }: Source): void {
  if (level < (of === 'project' ? roles.maintainer : roles.owner)) throw forbidden()
}

function memberOf(call: ApiCall, source: Source): Member {
  const id = Number(call.part('user_id'))
  const member = membersOf(call.store, source).find(({ userId }) => userId === id)
  if (member === undefined) throw notFound()
  return member
}

function membersOf({ tables }: Store, { of, id }: Pick<Source, 'of' | 'id'>): Member[] {
  return [...tables.members.values()].filter((member) => member.of === of && member.ofId === id)
}

export function dropMembers({ tables }: Store, of: Member['of'], { id }: Project | Group): void {
  for (const [key, member] of tables.members) {
    if (member.of === of && member.ofId === id) tables.members.delete(key)
  }
}

function memberView(call: ApiCall, member: Member): Record<string, unknown> {
  return {
    ...personView(call, call.store.users.get(member.userId)),
    access_level: member.accessLevel,
    created_at: iso(member.createdAt),
    created_by: personById(call, member.createdById),
    expires_at: member.expiresOn,
    membership_state: 'active',
  }
}
