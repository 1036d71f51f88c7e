/**
 * A stand-in Algolia with two applications. At the real one the id of an application is a part of
 * its host, `{id}-dsn.algolia.net`; here each application has an origin of its own.
 *
 *     const algolia = await createAlgolia()
 *     const [application] = algolia.applications
 *     const key = algolia.createKey(application, { acl: ['search'] })
 *     await algolia.stop()
 */
import { createHmac } from 'node:crypto'
import { type Control, control } from '../core/control.ts'
import type { Site } from '../core/site.ts'
import { refuse } from './caller.ts'
import { dashboard } from './dashboard.ts'
import { indexRoutes } from './indexes.ts'
import { keyRoutes } from './keys.ts'
import { type Application, defaults, type Permissions, State } from './state.ts'

export interface AlgoliaApplication {
  id: string
  url: string
  adminKey: string
}

export interface Algolia extends Control {
  applications: readonly [AlgoliaApplication, AlgoliaApplication]
  /** Default: no permission, and no restriction. */
  createKey(application: AlgoliaApplication, permissions: Partial<Permissions>): string
  deleteKey(application: AlgoliaApplication, key: string): void
  /** Derives a key, as a customer does offline; Algolia never hears of it. */
  secureKey(parent: string, parameters: Readonly<Record<string, string>>): string
}

export async function createAlgolia(
  options: { clock?: () => number; site?: Site } = {},
): Promise<Algolia> {
  const { clock, site } = options
  const state = new State(clock, site !== undefined)
  for (const application of state.applications) serve(state, application)
  if (site) await openSite(state, site)
  else await state.wire.open()
  const [first, second] = state.applications.map((each) => describe(state, each))
  if (first === undefined || second === undefined) throw new Error('invariant: two applications')
  return {
    ...control(state.wire, state.clock),
    applications: [first, second],
    createKey: ({ id }, permissions) =>
      state.create(find(state, id), { ...defaults, ...permissions }).value,
    deleteKey: ({ id }, key) => {
      find(state, id).keys.delete(key)
    },
    secureKey: (parent, parameters) => {
      const text = new URLSearchParams(parameters).toString()
      const proof = createHmac('sha256', parent).update(text).digest('hex')
      return Buffer.from(proof + text).toString('base64')
    },
  }
}

async function openSite(state: State, site: Site): Promise<void> {
  dashboard(state)
  const [first, second] = state.applications.map(({ id }) => `/${id}`)
  if (first === undefined || second === undefined) throw new Error('invariant: two applications')
  await state.wire.openSite(site, { first, second, dashboard: '' }, state.parts)
}

// https://www.algolia.com/doc/rest-api/search
function serve(state: State, application: Application): void {
  const app = state.wire.app(application.origin, (c) => refuse(c, 404, 'Path does not exist'))
  keyRoutes(app, state, application)
  indexRoutes(app, state, application)
}

function find({ applications }: State, id: string): Application {
  const application = applications.find((each) => each.id === id)
  if (application === undefined) throw new TypeError(`there is no application ${id}`)
  return application
}

function describe({ wire }: State, { id, origin, keys }: Application): AlgoliaApplication {
  const admin = [...keys.values()].find((key) => key.admin)
  return { id, url: wire.url(origin), adminKey: admin?.value ?? '' }
}
