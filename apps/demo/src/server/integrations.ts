import { type Keywell, KeywellError } from '@keywell/sdk'
import { z } from 'zod'
import type { Integration, ItemList } from '../api.ts'
import type { Person } from '../people.ts'
import { AcmeError } from './failures.ts'

/** What Acme does at a provider. */
interface Use {
  /** Id of the method by which its users connect. */
  method: string
  /** What it asks for, and a pasted key may have no more. Default: the provider does not say what a key may do. */
  scopes?: string[]
  /** Below the connection's host. */
  path: string
  /** Reads the names of what is there out of the answer. */
  items: z.ZodType<string[]>
}

const name = z.object({ name: z.string() }).transform((row) => row.name)

/** Besides GitLab, which has a module of its own. */
const uses: Readonly<Record<string, Use>> = {
  github: {
    method: 'oauth_app',
    scopes: ['read:user'],
    path: '/user/repos?per_page=20',
    items: z.array(z.object({ full_name: z.string() }).transform((row) => row.full_name)),
  },
  bitbucket: {
    method: 'oauth',
    scopes: ['account'],
    path: '/user/workspaces',
    items: rowsAt(
      'values',
      z
        .object({ workspace: z.object({ slug: z.string() }) })
        .transform((row) => row.workspace.slug),
    ),
  },
  'azure-devops': {
    method: 'entra',
    scopes: ['vso.profile', 'vso.project'],
    // The organization that Acme's users work in.
    path: '/northwind/_apis/projects?api-version=7.1',
    items: rowsAt('value', name),
  },
  buildkite: {
    method: 'device',
    scopes: ['read_user', 'read_organizations'],
    path: '/v2/organizations',
    items: z.array(name),
  },
  algolia: { method: 'api_key', path: '/1/indexes', items: rowsAt('items', name) },
}

function rowsAt(key: string, row: z.ZodType<string>): z.ZodType<string[]> {
  // The list is under the only key that is asked for.
  return z.object({ [key]: z.array(row) }).transform((body) => body[key] ?? [])
}

/** What a session of a user may ask for, by provider. */
export const scopesByProvider: Readonly<Record<string, { required: string[] }>> =
  Object.fromEntries(
    Object.entries(uses).flatMap(([provider, { scopes }]) =>
      scopes === undefined ? [] : [[provider, { required: scopes }]],
    ),
  )

/** How accounts may be connected: by consent, on a provider's page or by a code, and by the keys that Acme knows to use. */
export const connectMethods: readonly string[] = ['oauth', 'api_key']

const timeoutMs = 10_000

/** What Acme works with, as Keywell describes it. A provider that it does not have is left out. */
export async function listIntegrations(keywell: Keywell): Promise<Integration[]> {
  const { providers } = await keywell.providers.list()
  return Object.entries(uses).flatMap(([provider, use]) => {
    const known = providers.find((one) => one.name === provider)
    const method = known?.methods.find(({ id }) => id === use.method)
    if (known === undefined || method === undefined) return []
    const { title, defaultHost } = known
    const { id, title: methodTitle } = method
    return [
      { provider, title, method: { id, title: methodTitle }, asksPlace: defaultHost === null },
    ]
  })
}

/** Names of what the user has at a provider: read with their credential, by `keywell.fetch`. */
export async function listItems(
  keywell: Keywell,
  { person, provider }: { person: Person; provider: string },
): Promise<ItemList> {
  const use = Object.hasOwn(uses, provider) ? uses[provider] : undefined
  if (use === undefined) throw new AcmeError('not_found', 'Acme does not work with that.')
  const query = { provider, tenantId: person.tenant.id, userId: person.id }
  const response = await keywell
    .fetch(query, use.path, { signal: AbortSignal.timeout(timeoutMs) })
    .catch(notReached)
  const body: unknown = await response.json().catch(() => undefined)
  const items = use.items.safeParse(body)
  if (response.ok && items.success) return { items: items.data }
  throw new AcmeError('provider_error', `It answered with status ${response.status}. Try again.`)
}

/** What Keywell says stands; anything else is the network on the way to the provider. */
function notReached(error: unknown): never {
  if (error instanceof KeywellError) throw error
  throw new AcmeError('unavailable', 'It cannot be reached at the moment.', { cause: error })
}
