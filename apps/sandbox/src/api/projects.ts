import { z } from 'zod'
import type { Project } from '../store/projects.ts'
import type { Store } from '../store/store.ts'
import { param } from './input.ts'
import { dropMembers } from './members.ts'
import { projectAs, projectOf } from './places.ts'
import { listProjectsOf } from './project-filter.ts'
import { projectView } from './project-view.ts'
import { badParameter, invalid, notFound } from './refusals.ts'
import { type ApiCall, type ApiRoute, accepted, created, ok } from './route.ts'

export const projectRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/projects', handle: listProjects },
  { method: 'GET', path: '/projects/{id}', handle: showProject },
  { method: 'DELETE', path: '/projects/{id}', handle: deleteProject },
  { method: 'POST', path: '/projects/{id}/star', handle: starProject },
  { method: 'POST', path: '/projects/{id}/unstar', handle: unstarProject },
  { method: 'GET', path: '/users/{user_id}/projects', handle: listProjectsOfUser },
]

function listProjects(call: ApiCall): Response {
  return listProjectsOf(call, () => [...call.store.tables.projects.values()])
}

function listProjectsOfUser(call: ApiCall): Response {
  return listProjectsOf(call, () => {
    const named = call.part('user_id')
    const { store } = call
    const user = store.userByName(named) ?? store.users.get(Number(named))
    if (user === undefined) throw notFound('User')
    return [...store.tables.projects.values()].filter(
      ({ namespace }) => namespace === user.username,
    )
  })
}

function showProject(call: ApiCall): Response {
  return ok(projectView(call, projectOf(call)))
}

function starProject(call: ApiCall): Response {
  const project = projectOf(call)
  if (project.starredBy.includes(call.user.id)) return notModified()
  project.starredBy.push(call.user.id)
  return created(projectView(call, project))
}

function unstarProject(call: ApiCall): Response {
  const project = projectOf(call)
  if (!project.starredBy.includes(call.user.id)) return notModified()
  project.starredBy = project.starredBy.filter((id) => id !== call.user.id)
  return created(projectView(call, project))
}

function notModified(): Response {
  return new Response(null, { status: 304 })
}

const deletion = z.object({
  permanently_remove: param.bool.default(false),
  full_path: param.text.optional(),
})

/** Deletes after a while, or at once what is to be deleted already and is named in full. */
function deleteProject(call: ApiCall): Response {
  const { permanently_remove, full_path } = call.read(deletion)
  const project = projectAs(call, 'owner')
  if (!permanently_remove) {
    if (project.markedForDeletionOn !== null) {
      throw invalid('Project has been already marked for deletion')
    }
    project.markedForDeletionOn = dayOf(call.instance.now())
    return accepted()
  }
  if (project.markedForDeletionOn === null) {
    throw badParameter('Project must be marked for deletion first.')
  }
  if (full_path !== project.path) {
    throw badParameter(
      '`full_path` is incorrect. You must enter the complete path for the project.',
    )
  }
  removeProject(call.store, project)
  return accepted()
}

/** With all that is in it. */
function removeProject(store: Store, project: Project): void {
  const { tables } = store
  for (const table of Object.values(tables) as Map<number, { projectId?: number }>[]) {
    for (const [key, row] of table) if (row.projectId === project.id) table.delete(key)
  }
  dropMembers(store, 'project', project)
  tables.projects.delete(project.id)
}

export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
