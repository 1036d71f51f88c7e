import { z } from 'zod'
import type { Issue } from '../store/issues.ts'
import type { Project } from '../store/projects.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { iso, personById } from './people.ts'
import { projectOf } from './places.ts'
import { invalid, notFound } from './refusals.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'

export const issueRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/projects/{id}/issues', handle: listIssues },
  { method: 'POST', path: '/projects/{id}/issues', handle: createIssue },
  { method: 'GET', path: '/projects/{id}/issues/{issue_iid}', handle: showIssue },
]

const issueFilter = z.object({
  state: param.text.optional(),
  search: param.text.default(''),
  labels: param.list.default([]),
})

function listIssues(call: ApiCall): Response {
  const { state, search, labels } = call.read(issueFilter)
  const project = projectOf(call)
  const rows = issuesOf(call, project)
    .filter((issue) => state === undefined || state === 'all' || issue.state === state)
    .filter((issue) => issue.title.toLowerCase().includes(search.toLowerCase()))
    .filter((issue) => labels.every((label) => issue.labels.includes(label)))
    .sort((a, b) => b.createdAt - a.createdAt || b.iid - a.iid)
  return page(call, rows, (issue) => issueView(call, issue, project))
}

function showIssue(call: ApiCall): Response {
  const project = projectOf(call)
  const iid = Number(call.part('issue_iid'))
  const issue = issuesOf(call, project).find((one) => one.iid === iid)
  if (issue === undefined) throw notFound()
  return ok(issueView(call, issue, project))
}

const newIssue = z.object({
  title: param.text,
  description: param.text.default(''),
  labels: param.list.default([]),
})

function createIssue(call: ApiCall): Response {
  const { title, description, labels } = call.read(newIssue)
  const project = projectOf(call)
  if (title.trim() === '') throw invalid({ title: ["can't be blank"] })
  const { store, user, instance } = call
  const issue: Issue = {
    id: store.nextId(),
    iid: Math.max(0, ...issuesOf(call, project).map((one) => one.iid)) + 1,
    projectId: project.id,
    title: title.trim(),
    description,
    state: 'opened',
    labels,
    authorId: user.id,
    assigneeId: null,
    createdAt: instance.now(),
    updatedAt: instance.now(),
  }
  store.tables.issues.set(issue.id, issue)
  return created(issueView(call, issue, project))
}

function issuesOf({ store }: ApiCall, project: Project): Issue[] {
  return [...store.tables.issues.values()].filter((issue) => issue.projectId === project.id)
}

function issueView(call: ApiCall, issue: Issue, project: Project): Record<string, unknown> {
  const assignee = personById(call, issue.assigneeId)
  const closed = issue.state === 'closed'
  return {
    id: issue.id,
    iid: issue.iid,
    project_id: issue.projectId,
    title: issue.title,
    description: issue.description,
    state: issue.state,
    type: 'ISSUE',
    labels: issue.labels,
    milestone: null,
    author: personById(call, issue.authorId),
    assignee,
    assignees: assignee === null ? [] : [assignee],
    user_notes_count: 0,
    confidential: false,
    due_date: null,
    references: {
      short: `#${issue.iid}`,
      relative: `#${issue.iid}`,
      full: `${project.path}#${issue.iid}`,
    },
    web_url: call.url(`/${project.path}/-/issues/${issue.iid}`),
    created_at: iso(issue.createdAt),
    updated_at: iso(issue.updatedAt),
    closed_at: closed ? iso(issue.updatedAt) : null,
  }
}
