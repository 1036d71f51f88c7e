import { z } from 'zod'
import type { Project } from '../store/projects.ts'
import { resolve, type Tag, tagNamed } from '../store/repository.ts'
import { isRefName, matches } from './branches.ts'
import { commitView } from './commit-views.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { iso } from './people.ts'
import { projectAs, projectWithCode } from './places.ts'
import { invalid, notFound } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const list = '/projects/{id}/repository/tags'

export const tagRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listTags },
  { method: 'POST', path: list, handle: createTag },
  { method: 'GET', path: `${list}/{tag_name}`, handle: showTag },
  { method: 'DELETE', path: `${list}/{tag_name}`, handle: deleteTag },
]

const tagFilter = z.object({
  search: param.text.optional(),
  order_by: z.enum(['name', 'updated', 'version']).default('updated'),
  sort: z.enum(['asc', 'desc']).default('desc'),
})

function listTags(call: ApiCall): Response {
  const { search, order_by, sort } = call.read(tagFilter)
  const project = projectWithCode(call)
  const rows = [...call.store.tables.tags.values()]
    .filter(({ projectId, name }) => projectId === project.id && matches(name, search))
    .sort((a, b) => {
      if (order_by === 'updated') return a.createdAt - b.createdAt || a.id - b.id
      return a.name.localeCompare(b.name, 'en', { numeric: order_by === 'version' })
    })
  if (sort === 'desc') rows.reverse()
  return page(call, rows, (tag) => tagView(call, project, tag))
}

function showTag(call: ApiCall): Response {
  const project = projectWithCode(call)
  return ok(tagView(call, project, tagOf(call, project)))
}

const newTag = z.object({
  tag_name: param.text,
  ref: param.text,
  message: param.text.optional(),
})

function createTag(call: ApiCall): Response {
  const { tag_name: name, ref, message } = call.read(newTag)
  const project = projectAs(call, 'developer')
  const { store } = call
  if (!isRefName(name)) throw invalid('Tag name invalid')
  if (tagNamed(store, project.id, name) !== undefined) throw invalid(`Tag ${name} already exists`)
  const commit = resolve(store, project.id, ref)
  if (commit === undefined) throw invalid(`Target ${ref} is invalid`)
  const tag: Tag = {
    id: store.nextId(),
    projectId: project.id,
    name,
    sha: commit.sha,
    message: message === undefined || message === '' ? null : message,
    createdAt: call.instance.now(),
  }
  store.tables.tags.set(tag.id, tag)
  return created(tagView(call, project, tag))
}

function deleteTag(call: ApiCall): Response {
  const project = projectAs(call, 'developer')
  call.store.tables.tags.delete(tagOf(call, project).id)
  return noContent()
}

function tagOf(call: ApiCall, project: Project): Tag {
  const tag = tagNamed(call.store, project.id, call.part('tag_name'))
  if (tag === undefined) throw notFound('Tag')
  return tag
}

function tagView(call: ApiCall, project: Project, tag: Tag): Record<string, unknown> {
  const commit = resolve(call.store, project.id, tag.sha)
  return {
    name: tag.name,
    message: tag.message ?? '',
    target: tag.sha,
    commit: commit === undefined ? null : commitView(call, project, commit),
    release: null,
    protected: false,
    // A lightweight tag has no time of its own.
    created_at: tag.message === null ? null : iso(tag.createdAt),
  }
}
