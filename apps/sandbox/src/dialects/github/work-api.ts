// https://docs.github.com/en/rest/issues, /pulls, /actions/workflow-runs and /repos/contents
import { createHash } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import type { Env } from '../../instance.ts'
import { asAnyone } from './as-caller.ts'
import type { Caller } from './caller.ts'
import { type Access, repositoryFor } from './repository-access.ts'
import { notFound, restError } from './rest-error.ts'
import type { GitHubRepository, State } from './state.ts'
import { type GitHubIssue, type GitHubWork, newWork, nextNumber } from './work.ts'

interface Place {
  readonly c: Context<Env>
  readonly caller: Caller
  readonly repository: GitHubRepository
  readonly work: GitHubWork
}

type Answer = (place: Place, body: unknown) => Response

export function workRoutes(app: Hono<Env>, state: State): void {
  const works = new Map<number, GitHubWork>()
  const workOf = ({ id, owner }: GitHubRepository): GitHubWork => {
    const known = works.get(id) ?? newWork(owner)
    works.set(id, known)
    return known
  }
  const on = (
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    permission: Access['permission'],
    answer: Answer,
  ) =>
    app.on(method, [`/repos/:owner/:repo/${path}`, `/repositories/:id/${path}`], async (c) => {
      const writes = method !== 'GET'
      const body: unknown = writes ? await c.req.json().catch(() => undefined) : undefined
      return asAnyone(c, state, (caller) => {
        const repository = repositoryFor(c, state, caller, { permission, writes })
        if (repository instanceof Response) return repository
        return answer({ c, caller, repository, work: workOf(repository) }, body)
      })
    })
  on('GET', 'issues', 'issues', listIssues)
  on('POST', 'issues', 'issues', createIssue)
  on('GET', 'issues/:number', 'issues', (place) => withIssue(place, describeIssue))
  on('POST', 'issues/:number/comments', 'issues', comment)
  on('GET', 'pulls', 'pull_requests', listPulls)
  on('POST', 'pulls', 'pull_requests', createPull)
  on('GET', 'pulls/:number', 'pull_requests', (place) => withPull(place, describePull))
  on('PUT', 'pulls/:number/merge', 'pull_requests', merge)
  on('GET', 'actions/runs', 'actions', listRuns)
  on('GET', 'contents', 'contents', readContents)
  on('GET', 'contents/:path{.*}', 'contents', readContents)
  on('GET', 'branches', 'contents', listBranches)
}

const loginOf = (caller: Caller) => ('user' in caller ? caller.user.login : 'northwind-app[bot]')

function paged(c: Context<Env>, rows: readonly unknown[]): unknown[] {
  const page = Math.max(1, Number(c.req.query('page')) || 1)
  const size = Math.min(100, Math.max(1, Number(c.req.query('per_page')) || 30))
  const url = new URL(c.req.url)
  url.searchParams.set('page', `${page + 1}`)
  if (rows.length > page * size) c.header('link', `<${url.href}>; rel="next"`)
  return rows.slice((page - 1) * size, page * size)
}

const inState = (c: Context<Env>, { state }: GitHubIssue): boolean =>
  (c.req.query('state') ?? 'open') === 'all' || state === (c.req.query('state') ?? 'open')

/** Pull requests are among the issues. */
const listIssues: Answer = ({ c, work }) =>
  c.json(paged(c, work.issues.filter((issue) => inState(c, issue)).map(describeIssue)))

const issueSchema = z.object({
  title: z.string().min(1),
  body: z.string().nullish(),
  labels: z.array(z.string()).default([]),
  assignees: z.array(z.string()).default([]),
})

const createIssue: Answer = ({ c, caller, work }, body) => {
  const { data } = issueSchema.safeParse(body)
  if (data === undefined) return invalid(c, 'Issue', 'title', 'missing_field')
  const issue: GitHubIssue = {
    number: nextNumber(work),
    state: 'open',
    login: loginOf(caller),
    comments: [],
    ...data,
    body: data.body ?? null,
  }
  work.issues.push(issue)
  return c.json(describeIssue(issue), 201)
}

const comment: Answer = (place, body) => {
  const { data } = z.object({ body: z.string().min(1) }).safeParse(body)
  if (data === undefined) return invalid(place.c, 'IssueComment', 'body', 'missing_field')
  const issue = issueOf(place)
  if (issue === undefined) return notFound(place.c)
  const made = { id: 1_000 + issue.comments.length, login: loginOf(place.caller), ...data }
  issue.comments.push(made)
  return place.c.json({ id: made.id, user: { login: made.login }, body: made.body }, 201)
}

const listPulls: Answer = ({ c, work }) => {
  const { base, head } = c.req.query()
  const pulls = work.issues.filter(
    (issue) =>
      issue.pull !== undefined &&
      inState(c, issue) &&
      (base === undefined || issue.pull.base === base) &&
      (head === undefined || head.endsWith(`:${issue.pull.head}`)),
  )
  return c.json(paged(c, pulls.map(describePull)))
}

const pullSchema = z.object({
  title: z.string().min(1),
  head: z.string().min(1),
  base: z.string().min(1),
  body: z.string().nullish(),
  draft: z.boolean().default(false),
})

const createPull: Answer = ({ c, caller, work }, body) => {
  const { data, error } = pullSchema.safeParse(body)
  if (data === undefined) {
    return invalid(c, 'PullRequest', String(error.issues[0]?.path[0]), 'missing_field')
  }
  const { head, base, draft, title } = data
  if (!work.branches.includes(head)) return invalid(c, 'PullRequest', 'head', 'invalid')
  if (!work.branches.includes(base)) return invalid(c, 'PullRequest', 'base', 'invalid')
  if (head === base) {
    const message = `No commits between ${base} and ${head}`
    return refused(c, [{ resource: 'PullRequest', code: 'custom', message }])
  }
  if (work.issues.some(({ state, pull }) => state === 'open' && pull?.head === head)) {
    const message = `A pull request already exists for ${loginOf(caller)}:${head}.`
    return refused(c, [{ resource: 'PullRequest', code: 'custom', message }])
  }
  const pull = { head, base, draft, merged: false, sha: hashOf(`${head} ${work.issues.length}`) }
  const common = { state: 'open' as const, login: loginOf(caller), labels: [], assignees: [] }
  const number = nextNumber(work)
  const issue = { number, title, body: data.body ?? null, comments: [], ...common, pull }
  work.issues.push(issue)
  return c.json(describePull(issue), 201)
}

const merge: Answer = (place, body) => {
  const issue = issueOf(place)
  const { pull } = issue ?? {}
  if (issue === undefined || pull === undefined) return notFound(place.c)
  const { data } = z.object({ sha: z.string().optional() }).safeParse(body ?? {})
  if (pull.merged || pull.draft) return restError(place.c, 405, 'Pull Request is not mergeable')
  if (data?.sha !== undefined && data.sha !== pull.sha) {
    return restError(place.c, 409, 'Head branch was modified. Review and try the merge again.')
  }
  pull.merged = true
  issue.state = 'closed'
  const message = 'Pull Request successfully merged'
  return place.c.json({ sha: hashOf(`merge ${issue.number}`), merged: true, message })
}

const listRuns: Answer = ({ c, work }) => {
  const { branch, status } = c.req.query()
  const runs = work.runs.filter(
    (run) =>
      (branch === undefined || run.branch === branch) &&
      (status === undefined || [run.conclusion, 'completed'].includes(status)),
  )
  const described = runs.map(({ branch: head_branch, ...run }) => ({
    ...run,
    head_branch,
    status: 'completed',
  }))
  return c.json({ total_count: runs.length, workflow_runs: paged(c, described) })
}

// https://docs.github.com/en/rest/branches/branches#list-branches
const listBranches: Answer = ({ c, work }) =>
  c.json(
    paged(
      c,
      work.branches.map((name) => ({ name, commit: { sha: hashOf(name) } })),
    ),
  )

/** A file, or what is in a directory. */
const readContents: Answer = ({ c, work }) => {
  const { ref = 'main' } = c.req.query()
  if (!work.branches.includes(ref)) return restError(c, 404, `No commit found for the ref ${ref}`)
  const path = decodeURIComponent(c.req.param('path') ?? '')
  const content = work.files.get(path)
  if (content !== undefined) {
    const encoded = Buffer.from(content).toString('base64')
    const name = path.split('/').at(-1)
    const type = { type: 'file', encoding: 'base64', size: content.length }
    return c.json({ ...type, name, path, content: encoded, sha: hashOf(content) })
  }
  const start = path === '' ? '' : `${path}/`
  const inside = [...work.files.keys()].filter((each) => each.startsWith(start))
  if (inside.length === 0) return notFound(c)
  const names = [...new Set(inside.map((each) => each.slice(start.length).split('/')[0] ?? ''))]
  return c.json(
    names.map((name) => ({
      type: work.files.has(start + name) ? 'file' : 'dir',
      name,
      path: start + name,
      sha: hashOf(name),
    })),
  )
}

function issueOf({ c, work }: Place): GitHubIssue | undefined {
  return work.issues.find(({ number }) => `${number}` === c.req.param('number'))
}

function withIssue(place: Place, describe: (issue: GitHubIssue) => object): Response {
  const issue = issueOf(place)
  return issue === undefined ? notFound(place.c) : place.c.json(describe(issue))
}

function withPull(place: Place, describe: (issue: GitHubIssue) => object): Response {
  return issueOf(place)?.pull === undefined ? notFound(place.c) : withIssue(place, describe)
}

function describeIssue({ login, labels, assignees, comments, pull, ...issue }: GitHubIssue) {
  return {
    ...issue,
    user: { login },
    labels: labels.map((name) => ({ name })),
    assignees: assignees.map((each) => ({ login: each })),
    comments: comments.length,
    ...(pull !== undefined && { pull_request: { merged_at: null } }),
  }
}

function describePull(issue: GitHubIssue) {
  const { head, base, draft, merged, sha } = issue.pull ?? {}
  return {
    ...describeIssue(issue),
    draft,
    merged,
    head: { ref: head, sha },
    base: { ref: base },
    mergeable: draft ? null : true,
  }
}

const hashOf = (text: string): string => createHash('sha1').update(text).digest('hex')

/** 422: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed */
function refused(c: Context<Env>, errors: readonly object[]): Response {
  const documentation_url = 'https://docs.github.com/rest'
  return c.json({ message: 'Validation Failed', errors, documentation_url, status: '422' }, 422)
}

function invalid(c: Context<Env>, resource: string, field: string, code: string): Response {
  return refused(c, [{ resource, field, code }])
}
