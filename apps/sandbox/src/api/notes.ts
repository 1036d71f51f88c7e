import { z } from 'zod'
import type { Note } from '../store/issues.ts'
import { roles } from '../store/projects.ts'
import { type InProject, inProject, moments, requireLevel } from './in-project.ts'
import { param } from './input.ts'
import type { Issuable } from './issuables.ts'
import { findIssue } from './issues.ts'
import { findMergeRequest } from './merge-requests.ts'
import { addNote, notesOf } from './note-rows.ts'
import { page } from './paging.ts'
import { personById } from './people.ts'
import { forbidden, invalid, notFound } from './refusals.ts'
import { numberPart } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

/** Finds what the notes of a path are on. */
type Find = (call: InProject) => Issuable

export const noteRoutes: readonly ApiRoute[] = [
  ...routesOn('/projects/{id}/issues/{issue_iid}/notes', findIssue),
  ...routesOn('/projects/{id}/merge_requests/{merge_request_iid}/notes', findMergeRequest),
]

function routesOn(list: string, find: Find): ApiRoute[] {
  const one = `${list}/{note_id}`
  return [
    { method: 'GET', path: list, handle: (call) => listNotes(call, find) },
    { method: 'POST', path: list, handle: (call) => createNote(call, find) },
    { method: 'GET', path: one, handle: (call) => showNote(call, find) },
    { method: 'PUT', path: one, handle: (call) => updateNote(call, find) },
    { method: 'DELETE', path: one, handle: (call) => deleteNote(call, find) },
  ]
}

const filter = z.object({
  activity_filter: z.enum(['all_notes', 'only_comments', 'only_activity']).default('all_notes'),
  order_by: z.enum(['created_at', 'updated_at']).default('created_at'),
  sort: z.enum(['asc', 'desc']).default('desc'),
})

function listNotes(outer: ApiCall, find: Find): Response {
  const asked = outer.read(filter)
  const call = inProject(outer)
  const on = find(call)
  const direction = asked.sort === 'asc' ? 1 : -1
  const time = (note: Note) => (asked.order_by === 'created_at' ? note.createdAt : note.updatedAt)
  const rows = notesOf(call, on)
    .filter((note) => canReadNote(call, note))
    .filter((note) => asked.activity_filter !== 'only_comments' || !note.system)
    .filter((note) => asked.activity_filter !== 'only_activity' || note.system)
    .sort((a, b) => direction * (time(a) - time(b) || a.id - b.id))
  return page(call, rows, (note) => noteView(call, on, note))
}

const newNote = z.object({
  body: param.text,
  internal: param.bool.default(false),
  created_at: param.time.optional(),
})

function createNote(outer: ApiCall, find: Find): Response {
  const given = outer.read(newNote)
  const call = inProject(outer)
  const on = find(call)
  if (on.discussionLocked && call.level < roles.guest) throw forbidden()
  if (given.internal) requireLevel(call, 'planner')
  requireBody(given.body)
  const now = call.instance.now()
  // Only an owner may choose the time; from others it is ignored.
  const at = call.level >= roles.owner ? (given.created_at ?? now) : now
  const note = addNote(call, on, { body: given.body, internal: given.internal, system: false, at })
  on.updatedAt = now
  return created(noteView(call, on, note))
}

function requireBody(body: string): void {
  if (body.trim() === '') throw invalid({ note: ["can't be blank"] })
}

function showNote(outer: ApiCall, find: Find): Response {
  const call = inProject(outer)
  const on = find(call)
  return ok(noteView(call, on, findNote(call, on)))
}

function updateNote(outer: ApiCall, find: Find): Response {
  const { body } = outer.read(z.object({ body: param.text }))
  const call = inProject(outer)
  const on = find(call)
  const note = findNote(call, on)
  requireOwn(call, note)
  requireBody(body)
  note.body = body
  note.updatedAt = call.instance.now()
  return ok(noteView(call, on, note))
}

function deleteNote(outer: ApiCall, find: Find): Response {
  const call = inProject(outer)
  const note = findNote(call, find(call))
  requireOwn(call, note)
  call.store.tables.notes.delete(note.id)
  return noContent()
}

/** A note is its author's; maintainers may change those of others. What GitLab wrote stays. */
function requireOwn({ user, level }: InProject, note: Note): void {
  if (note.system || (note.authorId !== user.id && level < roles.maintainer)) throw forbidden()
}

function findNote(call: InProject, on: Issuable): Note {
  const id = numberPart(call, 'note_id')
  const note = notesOf(call, on).find((each) => each.id === id)
  if (note === undefined || !canReadNote(call, note)) throw notFound()
  return note
}

export function canReadNote({ level, user }: InProject, note: Note): boolean {
  return !note.internal || level >= roles.planner || note.authorId === user.id
}

export function noteView(call: InProject, on: Issuable, note: Note): Record<string, unknown> {
  return {
    id: note.id,
    type: null,
    body: note.body,
    author: personById(call, note.authorId),
    ...moments({ created_at: note.createdAt, updated_at: note.updatedAt }),
    system: note.system,
    noteable_id: note.noteableId,
    noteable_type: note.noteableType,
    noteable_iid: on.iid,
    project_id: note.projectId,
    resolvable: false,
    confidential: note.internal,
    internal: note.internal,
    imported: false,
    imported_from: 'none',
    commands_changes: {},
  }
}
