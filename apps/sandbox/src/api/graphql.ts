import { buildSchema, graphql } from 'graphql'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Env, Instance } from '../instance.ts'
import type { Project } from '../store/projects.ts'
import type { User } from '../store/state.ts'
import { canRead } from './issues.ts'
import { canReadCode } from './merge-requests.ts'
import { canSee, levelIn } from './places.ts'

/** The few fields of GitLab's schema by which a global id is looked up. */
const schema = buildSchema(`
  scalar IssueID
  scalar MergeRequestID
  type Query {
    issue(id: IssueID!): Issue
    mergeRequest(id: MergeRequestID!): MergeRequest
  }
  type Project {
    id: ID!
    name: String!
    fullPath: ID!
    webUrl: String
  }
  type Issue {
    id: ID!
    iid: ID!
    projectId: Int
    title: String!
    webUrl: String!
    reference(full: Boolean = false): String!
  }
  type MergeRequest {
    id: ID!
    iid: String!
    projectId: Int!
    project: Project!
    title: String!
    webUrl: String
    reference(full: Boolean = false): String!
  }
`)

const request = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

/** `POST /api/graphql`. What the caller may not see is null, as what does not exist. */
export async function graphqlEndpoint(c: Context<Env>, instance: Instance): Promise<Response> {
  const user = c.get('user')
  const parsed = request.safeParse(await c.req.json().catch(() => null))
  if (user === undefined || !parsed.success) {
    return c.json({ errors: [{ message: 'Unexpected end of document' }] }, 422)
  }
  const { query, variables, operationName } = parsed.data
  const answer = await graphql({
    schema,
    source: query,
    rootValue: rootOf(instance, user),
    variableValues: variables ?? null,
    operationName: operationName ?? null,
  })
  return c.json(answer)
}

interface ById {
  id: unknown
}

function rootOf(instance: Instance, user: User): Record<string, unknown> {
  const { tables } = instance.store
  return {
    issue: ({ id }: ById) => {
      const row = tables.issues.get(numberOf(id, 'Issue'))
      const place = row && placeOf(instance, user, row.projectId)
      if (row === undefined || place === undefined || !canRead(place, row)) return null
      return shown(instance, place.project, { ...row, type: 'Issue', mark: '#', page: 'issues' })
    },
    mergeRequest: ({ id }: ById) => {
      const row = tables.mergeRequests.get(numberOf(id, 'MergeRequest'))
      const place = row && placeOf(instance, user, row.projectId)
      if (row === undefined || place === undefined || !canReadCode(place)) return null
      const kind = { type: 'MergeRequest', mark: '!', page: 'merge_requests' }
      return shown(instance, place.project, { ...row, ...kind })
    },
  }
}

/** `gid://gitlab/Issue/42` names 42 among the issues; 0 is nothing. */
function numberOf(id: unknown, type: string): number {
  const start = `gid://gitlab/${type}/`
  return String(id).startsWith(start) ? Number(String(id).slice(start.length)) : 0
}

interface Place {
  project: Project
  user: User
  level: number
}

function placeOf({ store }: Instance, user: User, projectId: number): Place | undefined {
  const project = store.tables.projects.get(projectId)
  if (project === undefined || !canSee(store, user, project)) return undefined
  return { project, user, level: levelIn(store, user, project) }
}

interface Shown {
  id: number
  iid: number
  projectId: number
  title: string
  type: string
  mark: string
  page: string
}

function shown({ url }: Instance, project: Project, row: Shown): Record<string, unknown> {
  const webUrl = `${url()}/${project.path}`
  return {
    id: `gid://gitlab/${row.type}/${row.id}`,
    iid: String(row.iid),
    projectId: row.projectId,
    title: row.title,
    webUrl: `${webUrl}/-/${row.page}/${row.iid}`,
    reference: ({ full }: { full: boolean }) => `${full ? project.path : ''}${row.mark}${row.iid}`,
    project: {
      id: `gid://gitlab/Project/${project.id}`,
      name: project.name,
      fullPath: project.path,
      webUrl,
    },
  }
}
