import { serveStatic } from '@hono/node-server/serve-static'
import { Keywell } from '@keywell/sdk'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import type { Me } from './api.ts'
import { findPerson, type Person } from './people.ts'
import { readAuditRows } from './server/assistant/audit-rows.ts'
import { type Conversations, createConversations } from './server/assistant/conversation.ts'
import { keywellTools } from './server/assistant/keywell-tools.ts'
import type { Model } from './server/assistant/model.ts'
import { assistantRoutes } from './server/assistant/routes.ts'
import { scriptedModel } from './server/assistant/scripted/scripted-model.ts'
import { AcmeError, answerFailure } from './server/failures.ts'
import { headers, sameOriginWrites } from './server/guard.ts'
import {
  connectMethods,
  listIntegrations,
  listItems,
  scopesByProvider,
} from './server/integrations.ts'
import { gitlabScopes, listProjects } from './server/projects.ts'
import { createSessions, type Sessions, sessionLifetimeMs } from './server/sessions.ts'

export interface DemoOptions {
  /** Base URL of the Keywell service. */
  keywellUrl: string
  /** Default: the one that the SDK finds in the environment. */
  apiKey?: string
  /** Where browsers find Acme, e.g. `http://localhost:7402`. */
  origin: string
  /** Folder of the built page. */
  assets: string
  /** Base URL of the GitLab instance that Acme works with. Default: gitlab.com. */
  gitlabHost?: string | undefined
  /** Base URL of a self-managed GitLab, to name to its users. Default: none. */
  selfManagedHost?: string | undefined
  /** What the assistant thinks with. Default: a script. */
  model?: Model | undefined
  /** For calls to Keywell and to GitLab. */
  fetch?: typeof fetch
  /** Milliseconds since 1970. */
  now: () => number
  randomBytes: (length: number) => Buffer
  /** Receives every error that the user did not cause. */
  onError: (error: unknown) => void
}

export interface Demo {
  fetch: (request: Request) => Response | Promise<Response>
  /** Ends the change stream to Keywell. */
  close: () => void
}

type Env = { Variables: { person: Person; session: string } }

const sessionCookie = 'acme_session'

/**
 * Acme, a small product that embeds Keywell. All that Keywell needs is between the two lines below; the rest
 * is what any product has: sign-in, a page, headers.
 */
export function createDemo(options: DemoOptions): Demo {
  const sessions = createSessions(options)
  const app = new Hono<Env>()

  app.use(headers(new URL(options.keywellUrl).origin))
  app.onError((error, c) => {
    const answer = answerFailure(error, c)
    if (answer.status >= 500) options.onError(error)
    return answer
  })
  app.get('/healthz', (c) => c.text('ok'))

  app.use('/api/*', sameOriginWrites(options.origin), cached('no-store'))
  const conversations = createConversations()
  signInRoutes(app, { sessions, conversations }, options)

  // -- Keywell: three lines of product code ---------------------------------------------------
  const keywell = new Keywell({
    url: options.keywellUrl,
    ...(options.apiKey !== undefined && { apiKey: options.apiKey }),
    appOrigin: options.origin,
    ...(options.fetch && { fetch: options.fetch }),
  })
  app.all('/api/keywell/*', (c) =>
    keywell.connectHandler(c.req.raw, {
      tenantId: c.var.person.tenant.id,
      userId: c.var.person.id,
      scopes: { gitlab: gitlabScopes, ...scopesByProvider },
      methods: [...connectMethods],
      // Its pages ask whose account approved a code, before it is connected.
      device: true,
    }),
  )
  app.get('/api/projects', async (c) =>
    c.json(await listProjects(keywell, { person: c.var.person, host: options.gitlabHost })),
  )
  app.get('/api/integrations', async (c) => c.json(await listIntegrations(keywell)))
  app.get('/api/integrations/:provider/items', async (c) =>
    c.json(await listItems(keywell, { person: c.var.person, provider: c.req.param('provider') })),
  )
  app.route(
    '/api/assistant',
    assistantRoutes({
      model: options.model ?? scriptedModel,
      conversations,
      signed: ({ var: { session, person } }) => ({
        session,
        tools: keywellTools(keywell, { person, host: options.gitlabHost }),
        audit: () => readAuditRows(keywell, person),
      }),
      onError: options.onError,
    }),
  )
  // -------------------------------------------------------------------------------------------

  app.all('/api/*', () => {
    throw new AcmeError('not_found', 'There is nothing at this address.')
  })
  servePage(app, options.assets)

  return { fetch: (request) => app.fetch(request), close: () => keywell.close() }
}

/** Acme's own sign-in. What follows it under `/api` is for people who are signed in. */
function signInRoutes(
  app: Hono<Env>,
  { sessions, conversations }: { sessions: Sessions; conversations: Conversations },
  options: DemoOptions,
): void {
  const end = (session: string | undefined): void => {
    sessions.end(session)
    if (session !== undefined) conversations.forget(session)
  }
  app.post('/api/sign-in', async (c) => {
    const person = findPerson(await readPersonId(c))
    if (!person) throw new AcmeError('invalid_request', 'There is no such person.')
    end(getCookie(c, sessionCookie))
    setCookie(c, sessionCookie, sessions.start(person), cookieOptions(options.origin))
    return c.json(describeMe(person, options))
  })
  app.post('/api/sign-out', (c) => {
    end(getCookie(c, sessionCookie))
    deleteCookie(c, sessionCookie, { path: '/' })
    return c.body(null, 204)
  })
  app.get('/api/me', (c) => {
    const person = sessions.find(getCookie(c, sessionCookie))
    return c.json(person ? describeMe(person, options) : null)
  })
  app.use('/api/*', async (c, next) => {
    const session = getCookie(c, sessionCookie) ?? ''
    const person = sessions.find(session)
    // A popup that returns after the session has ended shows a page, not JSON.
    if (!person && c.req.header('sec-fetch-mode') === 'navigate') return c.redirect('/')
    if (!person) throw new AcmeError('signed_out', 'Sign in to Acme first.')
    c.set('person', person)
    c.set('session', session)
    return next()
  })
}

/** Sets `Cache-Control`, where the handler has not. */
function cached(how: string): MiddlewareHandler {
  return async (c, next) => {
    await next()
    const value = c.res.status < 400 ? how : 'no-store'
    if (!c.res.headers.has('cache-control')) c.header('cache-control', value)
  }
}

const signInSchema = z.object({ personId: z.string().max(100) })

async function readPersonId(c: Context): Promise<string> {
  const body = await c.req.json().catch(() => undefined)
  const parsed = signInSchema.safeParse(body)
  if (!parsed.success) throw new AcmeError('invalid_request', 'Send { "personId": "…" } as JSON.')
  return parsed.data.personId
}

/** `Lax`, not `Strict`: the popup returns from GitLab, another site, and must be signed in. */
function cookieOptions(origin: string) {
  return {
    httpOnly: true,
    sameSite: 'Lax',
    secure: origin.startsWith('https:'),
    path: '/',
    maxAge: sessionLifetimeMs / 1000,
  } as const
}

function describeMe(person: Person, { gitlabHost, selfManagedHost }: DemoOptions): Me {
  return { person, gitlabHost: gitlabHost ?? null, selfManagedHost: selfManagedHost ?? null }
}

/** Built files have a hash in their names, so browsers keep them; every other address is the page. */
function servePage(app: Hono<Env>, assets: string) {
  app.use(
    '/assets/*',
    cached('public, max-age=31536000, immutable'),
    serveStatic({ root: assets }),
    () => {
      throw new AcmeError('not_found', 'There is nothing at this address.')
    },
  )
  app.get('/icon.svg', serveStatic({ root: assets }))
  // Every component in every state, from fixtures: it holds nothing of anybody.
  app.get('/gallery', cached('no-cache'), serveStatic({ root: assets, path: 'gallery.html' }))
  app.get('*', cached('no-cache'), serveStatic({ root: assets, path: 'index.html' }))
}
