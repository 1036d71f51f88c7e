import type { KeywellError, ProviderDefinition, TypedMethod } from '@keywell/protocol'
import { addressOf, keyMethods, variablesAt } from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import { findConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import type { FlowRow } from '../store/flows.ts'
import type { SessionRow } from '../store/sessions.ts'
import { chooseKey, type KeyChoice } from './key-choice.ts'
import { ownerOfSession } from './session-request.ts'

/** The form that asks a person for a key, as data: what it says comes from the provider's definition. */
export interface KeyFormView extends KeyChoice {
  provider: Pick<ProviderDefinition, 'name' | 'title'>
  /** Whether `keys` are the first keys of the provider. */
  isFirst: boolean
  /** Where the key is made and sent; shown, since a key must not go to another instance. */
  host: string
  /** The provider's page for keys, filled in as far as it can be. */
  keysPage: URL
  /** The scopes to tick. */
  scopes: readonly { name: string; sentence: string }[]
  /** The app that gets the connection, by the host of its return URL; null: nothing leads back to it. */
  app: string | null
  /** The account that is connected already; null: none is. */
  account: string | null
  /** What the form sends along, so that its flow is found. */
  state: string
  /** Why the last key was not taken. */
  error: KeywellError | null
  /** The field that is wrong; null: none, or not one of them alone. */
  wrongField: string | null
}

/** Path of the form, which is sent to the same. */
export const keyFormPath = '/connect/key'

/** The form of a flow. Its state names the flow, as it does in a callback. */
export function keyFormUrl(publicUrl: string, state: string): URL {
  const url = new URL(`${publicUrl}${keyFormPath}`)
  url.searchParams.set('state', state)
  return url
}

/**
 * The form of a flow.
 *
 * @param named the method that was chosen in it
 */
export async function describeKeyForm(
  { database, catalogue }: { database: Database; catalogue: Catalogue },
  { flow, session, state }: { flow: FlowRow; session: SessionRow; state: string },
  named: unknown,
  { error, wrongField }: Pick<KeyFormView, 'error' | 'wrongField'> = noRefusal,
): Promise<KeyFormView> {
  const provider = catalogue.get(flow.tenantId, flow.provider)
  const { keys, choices } = chooseKey(provider, flow, session.policy, named)
  const { returnUrl } = session.policy
  const app = returnUrl === null ? null : new URL(returnUrl).host
  const scopes = provider.scopes.filter(({ name }) => flow.scopes.includes(name))
  return {
    provider,
    keys,
    choices,
    isFirst: keyMethods(provider)[0]?.id === keys.id,
    host: flow.host,
    keysPage: keysPageOf(provider, keys, {
      host: flow.host,
      app: app ?? 'Keywell',
      scopes: flow.scopes,
    }),
    scopes,
    app,
    account: await accountOf(database, flow, ownerOfSession(session)),
    state,
    error,
    wrongField,
  }
}

const noRefusal = { error: null, wrongField: null }

function keysPageOf(
  provider: ProviderDefinition,
  { manualUrl, prefill }: TypedMethod,
  { host, app, scopes }: { host: string; app: string; scopes: readonly string[] },
): URL {
  const url = addressOf(manualUrl, variablesAt(provider, host))
  if (prefill === undefined) return url
  const query = [
    [prefill.name, app],
    [prefill.scopes, scopes.join(prefill.scopeSeparator)],
  ].map(([name = '', value = '']) => `${name}=${encodeURIComponent(value)}`)
  url.search = query.join('&').replaceAll('%2C', ',')
  return url
}

async function accountOf(database: Database, flow: FlowRow, owner: string): Promise<string | null> {
  if (flow.connectionId === null) return null
  const row = await findConnection(database.of(flow.tenantId), flow.tenantId, flow.connectionId)
  if (row === undefined || row.userId !== owner) return null
  const { username, name, id } = row.account
  return username ?? name ?? id
}
