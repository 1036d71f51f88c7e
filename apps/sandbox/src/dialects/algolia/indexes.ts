// https://www.algolia.com/doc/rest-api/search
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context, Hono } from 'hono'
import type { Env } from '../../instance.ts'
import { notAllowed, refuse, withKey } from './caller.ts'
import type { Application, Key, State } from './state.ts'

const hourMs = 3_600_000

export function indexRoutes(app: Hono<Env>, state: State, application: Application): void {
  app.get('/1/indexes', (c) =>
    withAcl(c, state, application, 'listIndexes', () => {
      const items = application.indexes.map(({ name, entries }) => ({ name, entries }))
      return c.json({ items, nbPages: items.length === 0 ? 0 : 1 })
    }),
  )
  app.post('/1/indexes/:index/query', (c) =>
    withAcl(c, state, application, 'search', (key) => {
      const refused = refuseByRestriction(c, state, application, key)
      return refused ?? c.json({ hits: [], nbHits: 0, page: 0, params: key.queryParameters })
    }),
  )
  // Accepted, and not yet done: https://www.algolia.com/doc/rest-api/search/save-object
  app.post('/1/indexes/:index', (c) =>
    withAcl(c, state, application, 'addObject', () => {
      application.lastTask += 1
      const createdAt = new Date(state.clock.now()).toISOString()
      return c.json(
        { taskID: application.lastTask, objectID: `${application.lastTask}`, createdAt },
        201,
      )
    }),
  )
}

function withAcl(
  c: Context<Env>,
  state: State,
  application: Application,
  acl: string,
  work: (key: Key) => Response,
): Response | Promise<Response> {
  return withKey(c, state, application, (key) =>
    key.admin || key.acl.includes(acl) ? work(key) : notAllowed(c),
  )
}

/** A key may be good, and not for a backend: https://www.algolia.com/doc/guides/security/api-keys/in-depth/api-key-restrictions */
function refuseByRestriction(
  c: Context<Env>,
  state: State,
  { queries }: Application,
  key: Key,
): Response | undefined {
  const referer = c.req.header('referer') ?? ''
  if (key.referers.length > 0 && !key.referers.some((pattern) => matches(referer, pattern))) {
    return refuse(c, 403, 'Method not allowed with this referer')
  }
  const address = getConnInfo(c).remote.address ?? ''
  const sources = new URLSearchParams(key.queryParameters).get('restrictSources')
  if (sources !== null && sources !== address) {
    return refuse(c, 403, 'Forbidden source address')
  }
  if (key.maxQueriesPerIPPerHour === 0) return undefined
  const slot = `${key.value} ${address}`
  const since = state.clock.now() - hourMs
  const recent = [...(queries.get(slot) ?? []).filter((time) => time > since), state.clock.now()]
  queries.set(slot, recent)
  const isTooMany = recent.length > key.maxQueriesPerIPPerHour
  return isTooMany ? refuse(c, 429, 'Too many requests') : undefined
}

/** A pattern may begin or end with an asterisk. */
function matches(text: string, pattern: string): boolean {
  const start = pattern.startsWith('*')
  const end = pattern.endsWith('*')
  const core = pattern.slice(start ? 1 : 0, end ? -1 : undefined)
  if (start && end) return text.includes(core)
  if (start) return text.endsWith(core)
  return end ? text.startsWith(core) : text === core
}
