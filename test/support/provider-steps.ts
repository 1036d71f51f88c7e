/** The steps of a person and an app with one provider that is tried at its stand-in. */
import type { ProviderDefinition } from '@keywell/protocol'
import { visit } from '@keywell/sandbox'
import { onTestFinished } from 'vitest'
import { openEmbedded } from './databases.ts'
import { connectInBrowser } from './journey.ts'
import { Person } from './person.ts'
import { appOrigin, createStage, must, type Stage } from './stage.ts'
import { until } from './until.ts'

export const who = { tenantId: 'ten_northwind', userId: 'usr_mira' }
const query = new URLSearchParams(who)

interface Found {
  credential: string
  generation: number
  scopes: string[]
  header: { name: string; value: string }
  code?: string
  reason?: string
}

/** A service that knows the provider at its stand-in. */
export async function openStage(provider: ProviderDefinition, origins: readonly string[]) {
  const stage = await createStage(await openEmbedded(), {
    // In place of the one of the catalogue.
    providers: [provider],
    privateHosts: origins.map((origin) => ({ origin })),
    timing: {
      pollMs: 40,
      sweepMs: 100,
      recheckAfterMs: 50,
      confirmAfterMs: 100,
      incidentWindowMs: 0,
    },
  })
  onTestFinished(() => stage.stop())
  return stage
}

/** A user connects in the browser and consents at the stand-in. */
export const connect = (stage: Stage, provider: string, scopes: readonly string[]) =>
  connectInBrowser(stage, {
    provider,
    who,
    session: scopes.length === 0 ? {} : { scopes: { [provider]: { required: [...scopes] } } },
    consent: visit,
  })

export const read = (stage: Stage, provider: string, more = {}) =>
  stage.call<Found>('POST', '/v1/credentials', { provider, ...who, ...more })

export async function disconnect(stage: Stage, id: string | undefined) {
  const gone = await stage.call<{ upstream: string; manualUrl: string }>(
    'DELETE',
    `/v1/connections/${id}?${query}`,
  )
  return must(gone, 200)
}

/** A key that a person pastes, by the app's backend. */
export const paste = (stage: Stage, provider: string, value: string, connectionName = 'default') =>
  stage.call<{ id: string; account: object; scopes: string[]; code?: string }>(
    'POST',
    '/v1/connections',
    { provider, ...who, name: connectionName, credential: { type: 'api_key', value } },
  )

export const probe = (stage: Stage) =>
  stage.database.query(`update refresh_schedule set probe_at = now() where tenant_id = $1`, [
    who.tenantId,
  ])
export const refresh = (stage: Stage) =>
  stage.database.query(`update refresh_schedule set refresh_at = now() where tenant_id = $1`, [
    who.tenantId,
  ])

export async function isRefused(stage: Stage, provider: string, more = {}) {
  await until('the grant is found withdrawn', async () => {
    await probe(stage)
    return (await read(stage, provider, more)).status === 409
  })
  return (await read(stage, provider, more)).body
}

/** A user types keys into the service's form, until one will do. */
export async function connectByForm(
  stage: Stage,
  place: { provider: string; host: string },
  keys: readonly Record<string, string>[],
) {
  const session = await stage.session({ ...who, methods: ['key'] })
  const flow = must(
    await stage.page<{ startUrl: string; startCode: string }>(
      session.connectToken,
      'POST',
      '/connect/flows',
      { ...place, method: 'key' },
    ),
    201,
  )
  const person = new Person()
  const post = (url: string, fields: Record<string, string>, origin: string) =>
    person.visit(url, {
      init: { method: 'POST', body: new URLSearchParams(fields), headers: { origin } },
      stopAt: (to) => to.origin === appOrigin,
    })
  let page = await post(flow.startUrl, { start_code: flow.startCode }, appOrigin)
  const [, state = ''] = /name="state" value="([^"]+)"/.exec(page.text) ?? []
  const refused: number[] = []
  for (const fields of keys) {
    page = await post(`${stage.url}/connect/key`, { state, ...fields }, stage.url)
    if (page.url.origin === appOrigin) break
    refused.push(page.status)
  }
  return { confirmed: must(await stage.confirm(page.url, who), 200), refused }
}
