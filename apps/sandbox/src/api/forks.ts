import { z } from 'zod'
import type { Project } from '../store/projects.ts'
import { param } from './input.ts'
import { insertProject, isTaken, namespaceFor, takenProject } from './new-project.ts'
import { projectOf, projectWithCode } from './places.ts'
import { listProjectsOf } from './project-filter.ts'
import { forksOf, projectView } from './project-view.ts'
import { notFound, refusal } from './refusals.ts'
import { type ApiCall, type ApiRoute, created } from './route.ts'

export const forkRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/projects/{id}/forks', handle: listForks },
  { method: 'POST', path: '/projects/{id}/fork', handle: forkProject },
]

function listForks(call: ApiCall): Response {
  return listProjectsOf(call, () => forksOf(call, projectOf(call)))
}

const fork = z.object({
  namespace: param.text.optional(),
  namespace_id: param.int.optional(),
  namespace_path: param.text.optional(),
  name: param.text.optional(),
  path: param.text.optional(),
  description: param.text.optional(),
  visibility: z.enum(['private', 'internal', 'public']).optional(),
})

function forkProject(call: ApiCall): Response {
  const wish = call.read(fork)
  const source = projectWithCode(call)
  const namespace = namespaceFor(call, wish.namespace_id ?? wish.namespace_path ?? wish.namespace)
  if (namespace === undefined) throw notFound('Target Namespace')
  const path = `${namespace}/${wish.path ?? source.path.split('/').at(-1)}`
  if (isTaken(call.store, path)) throw refusal(409, { message: takenProject })
  const given = {
    path,
    namespace,
    name: wish.name ?? source.name,
    description: wish.description ?? source.description,
    visibility: wish.visibility ?? source.visibility,
    topics: [],
    options: {},
  }
  const project = insertProject(call, given, source.id)
  copyRepository(call, source, project)
  return created(projectView(call, project))
}

/** Blobs are shared by all projects; the rest is copied row by row. */
function copyRepository({ store }: ApiCall, from: Project, to: Project): void {
  const { commits, branches, tags } = store.tables
  copyRows(store.nextId, commits, from, to)
  copyRows(store.nextId, branches, from, to)
  copyRows(store.nextId, tags, from, to)
  to.defaultBranch = from.defaultBranch
}

function copyRows<Row extends { id: number; projectId: number }>(
  nextId: () => number,
  table: Map<number, Row>,
  from: Project,
  to: Project,
): void {
  for (const row of [...table.values()]) {
    if (row.projectId !== from.id) continue
    const copy = { ...row, id: nextId(), projectId: to.id }
    table.set(copy.id, copy)
  }
}
