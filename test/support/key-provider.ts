/** A provider that is made up, whose key is two secrets and a site: its server, and its definition. */
import { randomBytes } from 'node:crypto'
import type { KeyMethod, ProviderDefinition } from '@keywell/protocol'
import { type Context, Hono } from 'hono'
import { listen } from './stage.ts'

/** What its page for keys shows. */
export interface WatchKey {
  site: string
  apiKey: string
  appKey: string
}

export interface KeyProvider {
  definition: ProviderDefinition
  url: string
  /** Its requests, by method and path. */
  asked: readonly string[]
  makeKey(): WatchKey
  /** Whether it still takes a key. */
  takes(key: WatchKey): boolean
  stop(): Promise<void>
}

export async function startKeyProvider(): Promise<KeyProvider> {
  const keys: WatchKey[] = []
  const asked: string[] = []
  const app = new Hono()
  app.use(async (context, next) => {
    asked.push(`${context.req.method} ${context.req.path}`)
    await next()
  })
  /** Two headers: the one key by itself, the other as the password of its site. */
  const find = ({ req }: Context) =>
    keys.find(({ site, apiKey, appKey }) => {
      const pair = Buffer.from(`${site}:${appKey}`).toString('base64')
      return req.header('x-watch-key') === apiKey && req.header('authorization') === `Basic ${pair}`
    })
  app.get('/v2/validate', (context) =>
    find(context) ? context.json({ valid: true }) : context.json({ errors: ['Forbidden'] }, 403),
  )
  app.get('/v1/org', (context) => {
    const key = find(context)
    if (key === undefined) return context.json({ errors: ['Forbidden'] }, 403)
    return context.json({ org: { public_id: `org-${keys.indexOf(key)}`, name: 'Acme Watchers' } })
  })
  app.get('/v3/sites/:site/org', (context) => {
    const key = find(context)
    const isOfSite = [context.req.param('site'), context.req.header('x-watch-site')].every(
      (site) => site === key?.site,
    )
    if (key === undefined || !isOfSite) return context.json({ errors: ['Forbidden'] }, 403)
    return context.json({ org: { public_id: `site-${key.site}`, name: 'Acme Watchers' } })
  })
  app.delete('/v2/own-key', (context) => {
    const key = find(context)
    if (key === undefined) return context.body(null, 403)
    keys.splice(keys.indexOf(key), 1)
    return context.body(null, 204)
  })
  const { url, server } = await listen(() => app)
  return {
    definition: define(url),
    url,
    asked,
    makeKey() {
      const key = {
        site: `eu-${randomBytes(8).toString('hex')}.watch.example`,
        apiKey: randomBytes(16).toString('hex'),
        appKey: `wapp_~%+:-${randomBytes(16).toString('hex')}`,
      }
      keys.push(key)
      return key
    },
    takes: (key) => keys.includes(key),
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** The same with a second key, of the same fields. */
export function withSecondKey(definition: ProviderDefinition): ProviderDefinition {
  const [method] = definition.auth
  if (method?.kind !== 'key') throw new Error('no keys')
  const second = { ...method, id: 'robot_keys', title: 'robot key', steps: ['Make a robot.'] }
  return { ...definition, name: 'acme-robots', auth: [method, second] }
}

function define(url: string): ProviderDefinition {
  return {
    schema: 2,
    name: 'acme-watch',
    title: 'Acme Watch',
    category: 'other',
    state: 'stable',
    documentationUrl: 'https://docs.example/acme-watch',
    variables: {},
    api: { base: url },
    auth: [keyMethod(url)],
    scopes: [],
    scopeGroups: [],
    scopePresets: [],
    registration: { each: 'provider', url: `${url}/apps`, steps: ['Register an app.'] },
  }
}

function keyMethod(url: string): KeyMethod {
  return {
    id: 'keys',
    kind: 'key',
    title: 'API key',
    fields: [
      { name: 'site', label: 'Site', secret: false, pattern: '[a-z0-9.-]+' },
      {
        name: 'apiKey',
        label: 'API key',
        secret: true,
        pattern: '[0-9a-f]{32}',
        help: 'It has 32 digits and letters.',
      },
      { name: 'appKey', label: 'Application key', secret: true },
      { name: 'team', label: 'Team', secret: false, optional: true },
    ],
    steps: ['Sign in there.'],
    send: [
      { in: 'header', name: 'X-Watch-Key', value: '{apiKey}' },
      { in: 'basic', username: '{site}', password: '{appKey}' },
      { in: 'header', name: 'X-Watch-Team', value: '{team}' },
    ],
    identity: {
      request: { method: 'GET', url: `${url}/v1/org`, headers: {} },
      account: {
        id: { at: ['/org/public_id'], type: 'text' },
        name: ['/org/name'],
        username: [],
        avatarUrl: [],
      },
      scopes: [],
    },
    health: {
      request: { method: 'GET', url: `${url}/v2/validate`, headers: {} },
      active: [{ status: [200], at: '/valid', equals: true }],
      inactive: [{ status: [403], at: '/errors', includes: ['Forbidden'] }],
      details: {},
    },
    revocation: {
      style: 'request',
      request: { method: 'DELETE', url: `${url}/v2/own-key`, headers: {} },
      authenticate: 'credential',
      done: [{ status: [204] }],
      kills: 'token',
    },
    manualUrl: `${url}/keys`,
  }
}
