import { z } from 'zod'
import type { Label } from '../store/issues.ts'
import { type InProject, inProject, ofProject } from './in-project.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { conflict, invalid } from './refusals.ts'
import { type ApiCall, type ApiRoute, created } from './route.ts'

const list = '/projects/{id}/labels'

export const labelRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listLabels },
  { method: 'POST', path: list, handle: createLabel },
]

const filter = z.object({
  search: param.text.default(''),
  with_counts: param.bool.default(false),
})

function listLabels(outer: ApiCall): Response {
  const { search, with_counts } = outer.read(filter)
  const call = inProject(outer)
  const rows = ofProject(call, call.store.tables.labels)
    .filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
  return page(call, rows, (row) => ({
    ...labelView(row),
    ...(with_counts ? countsOf(call, row) : {}),
  }))
}

const newLabel = z.object({
  name: param.text,
  color: param.text,
  description: param.text.optional(),
  priority: param.int.optional(),
})

function createLabel(outer: ApiCall): Response {
  const given = outer.read(newLabel)
  const call = inProject(outer, 'planner')
  const { store, project } = call
  if (ofProject(call, store.tables.labels).some(({ name }) => name === given.name)) {
    throw conflict('Label already exists')
  }
  const color = colorOf(given.color)
  if (given.name.trim() === '') throw invalid({ title: ["can't be blank"] })
  if (given.name.includes(',')) throw invalid({ title: ['is invalid'] })
  if (color === undefined) throw invalid({ color: ['must be a valid color code'] })
  const { name, description = null, priority = null } = given
  const row = { id: store.nextId(), projectId: project.id, name, color, description, priority }
  store.tables.labels.set(row.id, row)
  return created(labelView(row))
}

/** A few of the names of CSS, as GitLab takes all of them. */
const colorNames: Readonly<Record<string, string>> = {
  red: '#FF0000',
  green: '#008000',
  blue: '#0000FF',
  orange: '#FFA500',
  purple: '#800080',
}

function colorOf(text: string): string | undefined {
  return /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(text) ? text : colorNames[text.toLowerCase()]
}

/** GitLab makes a label that an issue names and that does not exist, in its default colour. */
export function addMissingLabels(call: InProject, names: readonly string[]): void {
  const { labels } = call.store.tables
  const known = new Set(ofProject(call, labels).map(({ name }) => name))
  for (const name of names.filter((each) => !known.has(each))) {
    const row = {
      projectId: call.project.id,
      name,
      color: '#428BCA',
      description: null,
      priority: null,
    }
    const id = call.store.nextId()
    labels.set(id, { id, ...row })
  }
}

function countsOf(call: InProject, { name }: Label): Record<string, number> {
  const { issues, mergeRequests } = call.store.tables
  const ofState = (rows: readonly { labels: string[]; state: string }[], state: string) =>
    rows.filter((row) => row.state === state && row.labels.includes(name)).length
  const ownIssues = ofProject(call, issues)
  return {
    open_issues_count: ofState(ownIssues, 'opened'),
    closed_issues_count: ofState(ownIssues, 'closed'),
    open_merge_requests_count: ofState(ofProject(call, mergeRequests), 'opened'),
  }
}

function labelView(row: Label): Record<string, unknown> {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    description_html: row.description ?? '',
    text_color: '#FFFFFF',
    color: row.color,
    archived: false,
    subscribed: false,
    priority: row.priority,
    is_project_label: true,
  }
}
