import { z } from 'zod'
import { param } from './input.ts'
import { page } from './paging.ts'
import { canSee, levelIn, projectOf } from './places.ts'
import { projectView } from './project-view.ts'
import { type ApiCall, type ApiRoute, ok } from './route.ts'

export const projectRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/projects', handle: listProjects },
  { method: 'GET', path: '/projects/{id}', handle: showProject },
]

const projectFilter = z.object({
  search: param.text.default(''),
  membership: param.bool.optional(),
})

function listProjects(call: ApiCall): Response {
  const { search, membership } = call.read(projectFilter)
  const { store, user } = call
  const rows = [...store.tables.projects.values()].filter(
    (project) =>
      (membership === true ? levelIn(store, user, project) > 0 : canSee(store, user, project)) &&
      project.name.toLowerCase().includes(search.toLowerCase()),
  )
  return page(call, rows, (project) => projectView(call, project))
}

function showProject(call: ApiCall): Response {
  return ok(projectView(call, projectOf(call)))
}
