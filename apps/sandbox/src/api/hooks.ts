import { z } from 'zod'
import type { Hook } from '../store/project-things.ts'
import { type InProject, inProject, ofProject } from './in-project.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { iso } from './people.ts'
import { notFound, refusal } from './refusals.ts'
import { numberPart } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'

const list = '/projects/{id}/hooks'

/** Of maintainers alone, reading included. */
export const hookRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listHooks },
  { method: 'POST', path: list, handle: addHook },
  { method: 'GET', path: `${list}/{hook_id}`, handle: showHook },
  { method: 'PUT', path: `${list}/{hook_id}`, handle: updateHook },
  { method: 'DELETE', path: `${list}/{hook_id}`, handle: deleteHook },
]

const events = [
  'push_events',
  'issues_events',
  'confidential_issues_events',
  'merge_requests_events',
  'tag_push_events',
  'note_events',
  'confidential_note_events',
  'job_events',
  'pipeline_events',
  'wiki_page_events',
  'deployment_events',
  'feature_flag_events',
  'releases_events',
  'milestone_events',
  'emoji_events',
  'resource_access_token_events',
] as const

const eventFlags = z.object(
  Object.fromEntries(events.map((event) => [event, param.bool.optional()])),
)
const settings = z.object({
  url: param.text.optional(),
  token: param.text.optional(),
  name: param.text.optional(),
  description: param.text.optional(),
  enable_ssl_verification: param.bool.optional(),
  push_events_branch_filter: param.text.optional(),
  branch_filter_strategy: z.enum(['wildcard', 'regex', 'all_branches']).optional(),
})

const defaults = {
  ...Object.fromEntries(events.map((event) => [event, false])),
  name: null,
  description: null,
  push_events: true,
  enable_ssl_verification: true,
  push_events_branch_filter: null,
  branch_filter_strategy: 'wildcard',
}

function listHooks(call: ApiCall): Response {
  const at = inProject(call, 'maintainer')
  return page(call, ofProject(at, call.store.tables.hooks), hookView)
}

function showHook(call: ApiCall): Response {
  const id = numberPart(call, 'hook_id')
  return ok(hookView(hookOf(inProject(call, 'maintainer'), id)))
}

function addHook(call: ApiCall): Response {
  const { url, token, options } = readSettings(call, settings.extend({ url: param.text }))
  const at = inProject(call, 'maintainer')
  requireTarget(url ?? '')
  const hook: Hook = {
    id: call.store.nextId(),
    projectId: at.project.id,
    url: url ?? '',
    token: token ?? null,
    options: { ...defaults, ...options },
    createdAt: call.instance.now(),
  }
  call.store.tables.hooks.set(hook.id, hook)
  return created(hookView(hook))
}

function updateHook(call: ApiCall): Response {
  const id = numberPart(call, 'hook_id')
  const { url, token, options } = readSettings(call, settings)
  const hook = hookOf(inProject(call, 'maintainer'), id)
  if (url !== undefined) requireTarget(url)
  hook.url = url ?? hook.url
  hook.token = token ?? hook.token
  Object.assign(hook.options, options)
  return ok(hookView(hook))
}

function readSettings(
  call: ApiCall,
  schema: z.ZodType<z.infer<typeof settings>>,
): { url: string | undefined; token: string | undefined; options: Record<string, unknown> } {
  const { url, token, ...rest } = call.read(schema)
  const given = { ...rest, ...call.read(eventFlags) }
  const options = Object.entries(given).filter(([, value]) => value !== undefined)
  return { url, token, options: Object.fromEntries(options) }
}

/** An instance sends nothing to its own network, unless its operator allows it. */
function requireTarget(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLocal = /^(localhost|127\.|10\.|192\.168\.|169\.254\.|0\.0\.0\.0|\[)/.test(
    url?.hostname ?? '',
  )
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
  if (!isHttp || isLocal) throw refusal(422, { error: 'Invalid url given' })
}

function deleteHook(call: ApiCall): Response {
  const id = numberPart(call, 'hook_id')
  call.store.tables.hooks.delete(hookOf(inProject(call, 'maintainer'), id).id)
  return noContent()
}

function hookOf(at: InProject, id: number): Hook {
  const hook = ofProject(at, at.store.tables.hooks).find((one) => one.id === id)
  if (hook === undefined) throw notFound()
  return hook
}

function hookView({ id, url, projectId, createdAt, options }: Hook): Record<string, unknown> {
  return {
    id,
    url,
    project_id: projectId,
    created_at: iso(createdAt),
    repository_update_events: false,
    alert_status: 'executable',
    disabled_until: null,
    url_variables: [],
    custom_headers: [],
    ...options,
  }
}
