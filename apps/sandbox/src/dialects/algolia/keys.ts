// https://github.com/algolia/api-clients-automation: specs/search/paths/keys/key.yml, keys.yml
// https://www.algolia.com/doc/rest-api/search/get-api-key
import type { Context, Hono } from 'hono'
import { z } from 'zod'
import type { Env } from '../../instance.ts'
import { notAllowed, refuse, withKey } from './caller.ts'
import { type Application, defaults, type Key, type State } from './state.ts'

/** All is optional: what is left out has its default, at a change too. */
const permissionsSchema = z.object({
  acl: z.array(z.string()).default([]),
  description: z.string().default(defaults.description),
  indexes: z.array(z.string()).default([]),
  maxHitsPerQuery: z.int().default(defaults.maxHitsPerQuery),
  maxQueriesPerIPPerHour: z.int().default(defaults.maxQueriesPerIPPerHour),
  queryParameters: z.string().default(defaults.queryParameters),
  referers: z.array(z.string()).default([]),
  validity: z.int().default(defaults.validity),
})

export function keyRoutes(app: Hono<Env>, state: State, application: Application): void {
  app.get('/1/keys', (c) =>
    asAdmin(c, state, application, () =>
      c.json({ keys: [...application.keys.values()].map((key) => describe(state, key)) }),
    ),
  )
  app.post('/1/keys', (c) =>
    asAdmin(c, state, application, async () => {
      const permissions = permissionsSchema.safeParse(await c.req.json().catch(() => undefined))
      if (!permissions.success) return refuse(c, 400, 'Invalid body')
      const { value } = state.create(application, permissions.data)
      return c.json({ key: value, createdAt: now(state) }, 201)
    }),
  )
  app.get('/1/keys/:key', (c) =>
    withKey(c, state, application, (key) => getKey(c, state, application, key)),
  )
  app.put('/1/keys/:key', (c) =>
    asAdmin(c, state, application, async () => {
      const found = application.keys.get(c.req.param('key'))
      const permissions = permissionsSchema.safeParse(await c.req.json().catch(() => undefined))
      if (found === undefined) return refuse(c, 404, 'Key does not exist')
      if (!permissions.success) return refuse(c, 400, 'Invalid body')
      // "Any unspecified parameter resets that permission to its default value."
      Object.assign(found, permissions.data)
      return c.json({ key: found.value, updatedAt: now(state) })
    }),
  )
  app.delete('/1/keys/:key', (c) =>
    asAdmin(c, state, application, () => {
      if (!application.keys.delete(c.req.param('key'))) return refuse(c, 404, 'Key does not exist')
      return c.json({ deletedAt: now(state) })
    }),
  )
}

/** "When authenticating with other API keys, you can only retrieve information for that key." */
function getKey(c: Context, state: State, application: Application, caller: Key): Response {
  const value = c.req.param('key') ?? ''
  if (caller.admin) {
    const found = application.keys.get(value)
    return found === undefined
      ? refuse(c, 404, 'Key does not exist')
      : c.json(describe(state, found))
  }
  if (caller.value !== value) return notAllowed(c)
  // "With the description replaced by <redacted>."
  return c.json({ ...describe(state, caller), description: '<redacted>' })
}

function asAdmin(
  c: Context<Env>,
  state: State,
  application: Application,
  work: () => Response | Promise<Response>,
): Response | Promise<Response> {
  return withKey(c, state, application, (key) => (key.admin ? work() : notAllowed(c)))
}

function describe({ clock }: State, { admin, validity, createdAt, ...key }: Key) {
  const left = validity === 0 ? 0 : clock.secondsUntil(createdAt + validity * 1_000)
  return {
    ...key,
    acl: admin ? ['admin'] : key.acl,
    validity: left,
    createdAt: Math.floor(createdAt / 1_000),
  }
}

function now({ clock }: State): string {
  return new Date(clock.now()).toISOString()
}
