import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { z } from 'zod'
import { reportJob } from '../api/job-rows.ts'
import { issuePersonalAccessToken } from '../api/personal-access-tokens.ts'
import type { Env, Instance } from '../instance.ts'
import { issueToken, revokeWhere } from '../oauth/tokens.ts'
import { saving } from '../site.ts'
import type { User } from '../store/state.ts'
import { faultInputSchema } from './faults.ts'
import {
  applicationInputSchema,
  grantSelectorSchema,
  jobPatchSchema,
  personalAccessTokenInputSchema,
  tokenInputSchema,
  userInputSchema,
  userPatchSchema,
} from './protocol.ts'
import {
  addUser,
  describePersonalAccessToken,
  describeToken,
  newSecret,
  registerApplication,
} from './registry.ts'
import { settingsPatchSchema } from './settings.ts'

const maxBodyBytes = 1_048_576

/**
 * What tests set and read, on a port of its own. Its answers hold every secret, so it accepts calls under a
 * loopback name only, and JSON only: browsers on this machine also load pages of other sites.
 */
export function controlApi(instance: Instance, reset: () => void): Hono<Env> {
  const app = new Hono<Env>()
    .onError(answerError)
    .use(bodyLimit({ maxSize: maxBodyBytes }))
    .use(async (c, next) => {
      refuseForeignCalls(c)
      await next()
    })
    .use(saving(instance))
    .post('/reset', (c) => {
      reset()
      return c.body(null, 204)
    })
    .notFound(notFound)
  addBehaviour(app, instance)
  addApplications(app, instance)
  addUsers(app, instance)
  addTokens(app, instance)
  addPersonalAccessTokens(app, instance)
  addJobs(app, instance)
  return app
}

/** How the sandbox answers, and what it was asked. */
function addBehaviour(app: Hono<Env>, { settings, faults, counters, refreshes }: Instance): void {
  app.get('/settings', (c) => c.json(settings))
  app.patch('/settings', async (c) =>
    c.json(Object.assign(settings, await read(c, settingsPatchSchema))),
  )
  app.get('/faults', (c) => c.json(faults.list()))
  app.post('/faults', async (c) => c.json(faults.add(await read(c, faultInputSchema)), 201))
  app.delete('/faults', (c) => {
    faults.clear()
    return c.body(null, 204)
  })
  app.delete('/faults/:id', (c) => found(c, faults.remove(Number(c.req.param('id')))))
  app.get('/counters', (c) => c.json(counters.read()))
  app.get('/refreshes', (c) => c.json(refreshes.read()))
  app.delete('/counters', (c) => {
    counters.reset()
    refreshes.reset()
    return c.body(null, 204)
  })
}

function addApplications(app: Hono<Env>, instance: Instance): void {
  const { store } = instance
  app.get('/applications', (c) => c.json([...store.applications.values()]))
  app.post('/applications', async (c) =>
    c.json(registerApplication(instance, await read(c, applicationInputSchema)), 201),
  )
  app.post('/applications/:clientId/secret', (c) => {
    const application = store.applications.get(c.req.param('clientId'))
    if (application === undefined) return notFound(c)
    application.clientSecret = newSecret()
    store.touch()
    return c.json(application)
  })
  app.delete('/applications/:clientId', (c) =>
    found(c, store.removeApplication(c.req.param('clientId'))),
  )
}

function addUsers(app: Hono<Env>, instance: Instance): void {
  const { store } = instance
  app.get('/users', (c) => c.json([...store.users.values()]))
  app.post('/users', async (c) => {
    const user = addUser(instance, await read(c, userInputSchema))
    return user === undefined ? c.json({ error: 'the username is taken' }, 409) : c.json(user, 201)
  })
  app.patch('/users/:username', async (c) => {
    const user = store.userByName(c.req.param('username'))
    if (user === undefined) return notFound(c)
    Object.assign(user, await read(c, userPatchSchema))
    store.touch()
    return c.json(user)
  })
}

/** A runner, which reports what it did. */
function addJobs(app: Hono<Env>, instance: Instance): void {
  app.patch('/jobs/:id', async (c) => {
    const job = instance.store.tables.jobs.get(Number(c.req.param('id')))
    if (job === undefined) return notFound(c)
    reportJob(instance, job, await read(c, jobPatchSchema))
    instance.store.touch()
    return c.json(job)
  })
}

function addTokens(app: Hono<Env>, instance: Instance): void {
  const { store } = instance
  app.get('/tokens', (c) =>
    c.json([...store.tokens()].map((token) => describeToken(instance, token))),
  )
  app.post('/tokens', async (c) => {
    const input = await read(c, tokenInputSchema)
    const user = userNamed(instance, input.username)
    const application = store.applications.get(input.clientId)
    if (application === undefined) throw badRequest('clientId: no such application')
    const scopes = input.scopes ?? application.scopes
    const { clientId } = application
    const token = issueToken(instance, { clientId, userId: user.id, scopes })
    return c.json(describeToken(instance, token), 201)
  })
  app.post('/grants/revoke', async (c) => {
    const { username, clientId, grantId } = await read(c, grantSelectorSchema)
    const userId = username === undefined ? undefined : userNamed(instance, username).id
    const revoked = revokeWhere(
      instance,
      (token) =>
        (userId === undefined || token.userId === userId) &&
        (clientId === undefined || token.clientId === clientId) &&
        (grantId === undefined || token.grantId === grantId),
    )
    return c.json({ revoked })
  })
}

function addPersonalAccessTokens(app: Hono<Env>, instance: Instance): void {
  const { store } = instance
  app.post('/personal-access-tokens', async (c) => {
    const input = await read(c, personalAccessTokenInputSchema)
    const user = userNamed(instance, input.username)
    const token = issuePersonalAccessToken(instance, user, input)
    return c.json(describePersonalAccessToken(instance, token), 201)
  })
  app.post('/personal-access-tokens/:id/revoke', (c) => {
    const token = store.personalAccessTokens.get(Number(c.req.param('id')))
    if (token === undefined) return notFound(c)
    token.revokedAt ??= instance.now()
    store.touch()
    return c.json(describePersonalAccessToken(instance, token))
  })
}

const loopbackNames = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Another name is a sign of DNS rebinding; a page can send another type to another site without a preflight. */
export function refuseForeignCalls(c: Context): void {
  const { hostname } = new URL(c.req.url)
  if (!loopbackNames.has(hostname)) throw badRequest('call the control port by a loopback name')
  const safe = c.req.method === 'GET' || c.req.method === 'HEAD'
  if (!safe && c.req.header('content-type') !== 'application/json') {
    throw badRequest('send content-type: application/json')
  }
}

async function read<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await c.req.json().catch(() => undefined))
  if (!parsed.success) throw badRequest(z.prettifyError(parsed.error))
  return parsed.data
}

function userNamed({ store }: Instance, username: string): User {
  const user = store.userByName(username)
  if (user === undefined) throw badRequest('username: no such user')
  return user
}

function badRequest(message: string): HTTPException {
  return new HTTPException(400, { message })
}

function answerError(error: Error, c: Context): Response {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status)
  return c.json({ error: String(error) }, 500)
}

function notFound(c: Context): Response {
  return c.json({ error: 'there is no such thing' }, 404)
}

function found(c: Context, was: boolean): Response {
  return was ? c.body(null, 204) : notFound(c)
}
