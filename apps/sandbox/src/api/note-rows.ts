import type { Note } from '../store/issues.ts'
import type { InProject } from './in-project.ts'
import { ofProject } from './in-project.ts'
import type { Issuable } from './issuables.ts'

export function notesOf(call: InProject, on: Issuable): Note[] {
  return ofProject(call, call.store.tables.notes).filter(
    (note) => note.noteableType === kindOf(on) && note.noteableId === on.id,
  )
}

export function deleteNotes(call: InProject, on: Issuable): void {
  for (const note of notesOf(call, on)) call.store.tables.notes.delete(note.id)
}

/** What GitLab writes below an issue or a merge request when it changes. */
export function addSystemNote(call: InProject, on: Issuable, body: string): void {
  addNote(call, on, { body, internal: false, system: true, at: call.instance.now() })
}

export function addNote(
  { store, project, user }: InProject,
  on: Issuable,
  { at, ...given }: Pick<Note, 'body' | 'internal' | 'system'> & { at: number },
): Note {
  const note: Note = {
    ...given,
    id: store.nextId(),
    noteableType: kindOf(on),
    noteableId: on.id,
    projectId: project.id,
    authorId: user.id,
    createdAt: at,
    updatedAt: at,
  }
  store.tables.notes.set(note.id, note)
  return note
}

function kindOf(on: Issuable): Note['noteableType'] {
  return 'sourceBranch' in on ? 'MergeRequest' : 'Issue'
}
