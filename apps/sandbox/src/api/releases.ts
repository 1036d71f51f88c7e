import { createHash } from 'node:crypto'
import { z } from 'zod'
import { roles } from '../store/projects.ts'
import type { Release } from '../store/releases.ts'
import { resolve, type Tag, tagNamed } from '../store/repository.ts'
import { commitView } from './commit-views.ts'
import {
  apiUrl,
  type InProject,
  inProject,
  moments,
  ofProject,
  requireLevel,
  webUrl,
} from './in-project.ts'
import { param } from './input.ts'
import { milestoneView } from './milestones.ts'
import { page } from './paging.ts'
import { personById } from './people.ts'
import { conflict, invalid, refusal, unprocessable } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'

const list = '/projects/{id}/releases'
const one = `${list}/{tag_name}`

export const releaseRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listReleases },
  { method: 'POST', path: list, handle: createRelease },
  { method: 'GET', path: one, handle: showRelease },
  { method: 'PUT', path: one, handle: updateRelease },
  { method: 'DELETE', path: one, handle: deleteRelease },
]

const filter = z.object({
  order_by: z.enum(['released_at', 'created_at']).default('released_at'),
  sort: z.enum(['asc', 'desc']).default('desc'),
})

function listReleases(outer: ApiCall): Response {
  const { order_by, sort } = outer.read(filter)
  const call = inProject(outer)
  const time = (row: Release) => (order_by === 'released_at' ? row.releasedAt : row.createdAt)
  const direction = sort === 'asc' ? 1 : -1
  const rows = ofProject(call, call.store.tables.releases).sort(
    (a, b) => direction * (time(a) - time(b) || a.id - b.id),
  )
  return page(call, rows, (row) => releaseView(call, row))
}

const written = {
  name: param.text.optional(),
  description: param.text.optional(),
  milestones: param.list.optional(),
  released_at: param.time.optional(),
}

const link = z.object({
  name: param.text,
  url: param.text,
  direct_asset_path: param.text.optional(),
  link_type: z.enum(['other', 'runbook', 'image', 'package']).default('other'),
})

const newRelease = z.object({
  ...written,
  tag_name: param.text,
  tag_message: param.text.optional(),
  ref: param.text.optional(),
  assets: z.object({ links: z.array(link).default([]) }).default({ links: [] }),
})

function createRelease(outer: ApiCall): Response {
  const given = outer.read(newRelease)
  const call = inProject(outer, 'developer')
  const { store, project, user, instance } = call
  if (releaseOf(call, given.tag_name) !== undefined) throw conflict('Release already exists')
  const milestoneIds = milestonesOf(call, given.milestones ?? [])
  if (tagNamed(store, project.id, given.tag_name) === undefined) addTag(call, given)
  const row: Release = {
    id: store.nextId(),
    projectId: project.id,
    tagName: given.tag_name,
    name: given.name ?? given.tag_name,
    description: given.description ?? '',
    authorId: user.id,
    milestoneIds,
    links: given.assets.links.map(({ name, url, direct_asset_path: path, link_type: type }) => ({
      id: store.nextId(),
      name,
      url,
      type,
      path: path ?? null,
    })),
    createdAt: instance.now(),
    releasedAt: given.released_at ?? instance.now(),
  }
  store.tables.releases.set(row.id, row)
  return created(releaseView(call, row))
}

/** A tag that does not exist is made, if it is said where. */
function addTag(call: InProject, given: z.infer<typeof newRelease>): void {
  const { store, project, instance } = call
  if (given.ref === undefined) throw unprocessable('Ref is not specified')
  const commit = resolve(store, project.id, given.ref)
  if (commit === undefined) throw invalid(`Target ${given.ref} is invalid`)
  const tag: Tag = {
    id: store.nextId(),
    projectId: project.id,
    name: given.tag_name,
    sha: commit.sha,
    message: given.tag_message ?? null,
    createdAt: instance.now(),
  }
  store.tables.tags.set(tag.id, tag)
}

/** By their titles. */
function milestonesOf(call: InProject, titles: readonly string[]): number[] {
  const own = ofProject(call, call.store.tables.milestones)
  const missing = titles.filter((title) => own.every((row) => row.title !== title))
  if (missing.length > 0) throw invalid(`Milestone(s) not found: ${missing.join(', ')}`)
  return own.filter((row) => titles.includes(row.title)).map((row) => row.id)
}

function showRelease(outer: ApiCall): Response {
  const call = inProject(outer)
  return ok(releaseView(call, findRelease(call)))
}

function updateRelease(outer: ApiCall): Response {
  const given = outer.read(z.object(written))
  const call = inProject(outer, 'developer')
  const row = findRelease(call)
  const milestoneIds =
    given.milestones === undefined ? row.milestoneIds : milestonesOf(call, given.milestones)
  const next: Release = {
    ...row,
    name: given.name ?? row.name,
    description: given.description ?? row.description,
    releasedAt: given.released_at ?? row.releasedAt,
    milestoneIds,
  }
  call.store.tables.releases.set(row.id, next)
  return ok(releaseView(call, next))
}

/** The tag stays. GitLab answers what it has deleted. */
function deleteRelease(outer: ApiCall): Response {
  const call = inProject(outer)
  const row = findRelease(call)
  requireLevel(call, 'developer')
  call.store.tables.releases.delete(row.id)
  return ok(releaseView(call, row))
}

function findRelease(call: InProject): Release {
  const row = releaseOf(call, call.part('tag_name'))
  // Without a noun, and yet with a large F: GitLab's `not_found!` of nothing.
  if (row === undefined) throw refusal(404, { message: '404 Not Found' })
  return row
}

function releaseOf(call: InProject, tagName: string): Release | undefined {
  return ofProject(call, call.store.tables.releases).find((row) => row.tagName === tagName)
}

function releaseView(call: InProject, row: Release): Record<string, unknown> {
  const { store, project, instance } = call
  const tag = tagNamed(store, project.id, row.tagName)
  const commit = resolve(store, project.id, tag?.sha ?? '')
  const milestones = row.milestoneIds.flatMap((id) => store.tables.milestones.get(id) ?? [])
  // A guest sees the release, and nothing of the code.
  const seesCode = project.visibility !== 'private' || call.level >= roles.reporter
  return {
    name: row.name,
    tag_name: row.tagName,
    description: row.description,
    ...moments({ created_at: row.createdAt, released_at: row.releasedAt }),
    upcoming_release: row.releasedAt > instance.now(),
    author: personById(call, row.authorId),
    milestones: milestones.map((each) => ({
      ...milestoneView(call, each),
      issue_stats: issueStats(call, each.id),
    })),
    ...(seesCode
      ? {
          commit: commit === undefined ? null : commitView(call, project, commit),
          commit_path: `/${project.path}/-/commit/${commit?.sha ?? ''}`,
          tag_path: `/${project.path}/-/tags/${row.tagName}`,
          evidences: [evidenceOf(call, row)],
        }
      : {}),
    assets: assetsOf(call, row, seesCode),
    _links: { self: webUrl(call, `/-/releases/${encodeURIComponent(row.tagName)}`) },
  }
}

function issueStats(call: InProject, milestoneId: number): Record<string, number> {
  const rows = ofProject(call, call.store.tables.issues).filter(
    (row) => row.milestoneId === milestoneId,
  )
  return { total: rows.length, closed: rows.filter(({ state }) => state === 'closed').length }
}

function assetsOf(call: InProject, row: Release, seesCode: boolean): Record<string, unknown> {
  const formats = seesCode ? ['zip', 'tar.gz', 'tar.bz2', 'tar'] : []
  const [name = ''] = call.project.path.split('/').slice(-1)
  const archive = `/-/archive/${row.tagName}/${name}-${row.tagName}`
  return {
    count: formats.length + row.links.length,
    sources: formats.map((format) => ({ format, url: webUrl(call, `${archive}.${format}`) })),
    links: row.links.map((each) => ({
      id: each.id,
      name: each.name,
      url: each.url,
      direct_asset_url:
        each.path === null
          ? each.url
          : webUrl(call, `/-/releases/${row.tagName}/downloads${each.path}`),
      link_type: each.type,
    })),
  }
}

/** What GitLab writes down of a release when it is made. */
function evidenceOf(call: InProject, row: Release): Record<string, unknown> {
  return {
    sha: createHash('sha256').update(`${row.id}.${row.tagName}`).digest('hex').slice(0, 40),
    filepath: apiUrl(call, `/releases/${row.tagName}/evidence.json`),
    ...moments({ collected_at: row.createdAt }),
  }
}
