import { type Context, Hono } from 'hono'
import { z } from 'zod'
import type { Env, Instance } from '../instance.ts'
import type { Issue, Project, User } from '../store/state.ts'
import { needs, needsAnyToken } from './access.ts'
import { paged } from './paging.ts'
import { personalAccessTokenView } from './personal-access-tokens.ts'
import { issueView, projectView, userView } from './views.ts'

/** The part of `/api/v4` that is here. What is not answers 404, as at GitLab. */
export function restApi(instance: Instance): Hono<Env> {
  const canRead = needs(instance, 'api', 'read_api')
  const canReadUser = needs(instance, 'api', 'read_api', 'read_user')
  return (
    new Hono<Env>()
      .get('/user', canReadUser, (c) => c.json(userView(caller(c), instance.url())))
      .get('/version', canReadUser, (c) => c.json({ version: '18.4.0', revision: 'sandbox' }))
      // Whatever a token may do, it may look at itself.
      .get('/personal_access_tokens/self', needsAnyToken(instance), (c) => showSelf(c, instance))
      .get('/projects', canRead, (c) => listProjects(c, instance))
      .get('/projects/:id', canRead, (c) => withProject(c, instance, showProject))
      .get('/projects/:id/issues', canRead, (c) => withProject(c, instance, listIssues))
      .post('/projects/:id/issues', needs(instance, 'api'), (c) =>
        withProject(c, instance, createIssue),
      )
      .get('/projects/:id/issues/:iid', canRead, (c) => withProject(c, instance, showIssue))
      .all('/*', (c) => c.json({ error: '404 Not Found' }, 404))
  )
}

function caller(c: Context<Env>): User {
  const user = c.get('user')
  if (user === undefined) throw new Error('a route of the API forgot to ask for a token')
  return user
}

function showSelf(c: Context<Env>, instance: Instance): Response {
  const token = c.get('personalAccessToken')
  if (token === undefined) {
    return c.json({ message: '400 Bad request - this is not a personal access token' }, 400)
  }
  return c.json(personalAccessTokenView(instance, token))
}

function listProjects(c: Context<Env>, instance: Instance): Response {
  const user = caller(c)
  const search = (c.req.query('search') ?? '').toLowerCase()
  const rows = [...instance.store.projects.values()].filter(
    (project) =>
      (c.req.query('membership') === 'true'
        ? project.members.includes(user.id)
        : isVisible(project, user)) && project.name.toLowerCase().includes(search),
  )
  const url = instance.url()
  return c.json(
    paged(c, rows, `${url}/api/v4/projects`).map((project) =>
      projectView(project, openIssues(instance, project), url),
    ),
  )
}

type ProjectHandler = (
  c: Context<Env>,
  instance: Instance,
  project: Project,
) => Response | Promise<Response>

/** A project by number or full path; one that the user may not see is not found. */
function withProject(
  c: Context<Env>,
  instance: Instance,
  handle: ProjectHandler,
): Response | Promise<Response> {
  const id = c.req.param('id') ?? ''
  const project = /^\d+$/.test(id)
    ? instance.store.projects.get(Number(id))
    : [...instance.store.projects.values()].find((one) => one.path === id)
  if (project === undefined || !isVisible(project, caller(c))) {
    return c.json({ message: '404 Project Not Found' }, 404)
  }
  return handle(c, instance, project)
}

function isVisible(project: Project, user: User): boolean {
  return project.visibility !== 'private' || project.members.includes(user.id)
}

function showProject(c: Context<Env>, instance: Instance, project: Project): Response {
  return c.json(projectView(project, openIssues(instance, project), instance.url()))
}

function listIssues(c: Context<Env>, instance: Instance, project: Project): Response {
  const { state, search = '', labels } = c.req.query()
  const wanted = (labels ?? '').split(',').filter((label) => label !== '')
  const rows = issuesOf(instance, project)
    .filter((issue) => state === undefined || state === 'all' || issue.state === state)
    .filter((issue) => issue.title.toLowerCase().includes(search.toLowerCase()))
    .filter((issue) => wanted.every((label) => issue.labels.includes(label)))
    .sort((a, b) => b.createdAt - a.createdAt || b.iid - a.iid)
  const url = `${instance.url()}/api/v4/projects/${project.id}/issues`
  return c.json(paged(c, rows, url).map((issue) => view(instance, issue, project)))
}

function showIssue(c: Context<Env>, instance: Instance, project: Project): Response {
  const iid = Number(c.req.param('iid'))
  const issue = issuesOf(instance, project).find((one) => one.iid === iid)
  // A record of the last path part has the small f.
  if (issue === undefined) return c.json({ message: '404 Not found' }, 404)
  return c.json(view(instance, issue, project))
}

const newIssue = z.object({
  title: z.string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'is invalid') }),
  description: z.string().max(1_000_000).default(''),
  labels: z.union([z.array(z.string()), z.string()]).default([]),
})

async function createIssue(
  c: Context<Env>,
  instance: Instance,
  project: Project,
): Promise<Response> {
  const parsed = newIssue.safeParse(await readBody(c))
  if (!parsed.success) {
    const [first] = parsed.error.issues
    const problem = first?.message === 'is missing' ? 'is missing' : 'is invalid'
    return c.json({ error: `${first?.path.join('.') || 'body'} ${problem}` }, 400)
  }
  const { title, description, labels } = parsed.data
  if (title.trim() === '') return c.json({ message: { title: ["can't be blank"] } }, 400)

  const { store, now } = instance
  const issue: Issue = {
    id: store.nextId(),
    iid: Math.max(0, ...issuesOf(instance, project).map((one) => one.iid)) + 1,
    projectId: project.id,
    title: title.trim(),
    description,
    state: 'opened',
    labels: (typeof labels === 'string' ? labels.split(',') : labels).filter((name) => name !== ''),
    authorId: caller(c).id,
    assigneeId: null,
    createdAt: now(),
    updatedAt: now(),
  }
  store.issues.set(issue.id, issue)
  store.touch()
  return c.json(view(instance, issue, project), 201)
}

async function readBody(c: Context<Env>): Promise<unknown> {
  const isJson = c.req.header('content-type')?.startsWith('application/json') === true
  return isJson ? await c.req.json().catch(() => null) : await c.req.parseBody()
}

function issuesOf({ store }: Instance, project: Project): Issue[] {
  return [...store.issues.values()].filter((issue) => issue.projectId === project.id)
}

function openIssues(instance: Instance, project: Project): number {
  return issuesOf(instance, project).filter((issue) => issue.state === 'opened').length
}

function view(instance: Instance, issue: Issue, project: Project): Record<string, unknown> {
  const { users } = instance.store
  const author = users.get(issue.authorId)
  const assignee = issue.assigneeId === null ? undefined : users.get(issue.assigneeId)
  return issueView({ issue, project, author, assignee }, instance.url())
}
