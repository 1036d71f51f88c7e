/** A provider with several methods: each connection, app and attempt is of one of them. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Connection, CreateFlow, Integration, Problem } from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import {
  clientId,
  clientSecret,
  type OtherProvider,
  startOtherProvider,
} from './support/other-provider.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-notes'
const scopes = ['notes:read']
const folder = mkdtempSync(join(tmpdir(), 'keywell-methods-'))

let other: OtherProvider
let stage: Stage

beforeAll(async () => {
  other = await startOtherProvider()
  writeDefinition(['consent', 'partner'])
  stage = await createStage(await openEmbedded(), {
    providersFolder: folder,
    privateHosts: [{ origin: other.signIn }, { origin: other.api }],
    timing: { pollMs: 40, sweepMs: 100, recheckAfterMs: 50, confirmAfterMs: 100 },
  })
})
afterAll(async () => {
  await stage.stop()
  await other.stop()
})

/** The provider's one method by consent, under several ids. */
function writeDefinition(ids: readonly string[]): void {
  const [consent] = other.definition.auth
  const auth = ids.map((id) => ({ ...consent, id, title: `Acme ${id}` }))
  writeFileSync(join(folder, 'acme.json'), JSON.stringify({ ...other.definition, auth }))
}

async function edit(ids: readonly string[]): Promise<void> {
  const count = () =>
    stage.logs.filter((line) => line.includes('provider definition loaded')).length
  const before = count()
  writeDefinition(ids)
  await until('taken up', () => count() > before)
}

async function integrate(method?: string): Promise<Integration> {
  const body = { provider, scopes, clientId, clientSecret, ...(method && { method }) }
  return must(await stage.call<Integration>('POST', '/v1/integrations', body), 201)
}

async function connect(who: { tenantId: string; userId: string }, flow: Partial<CreateFlow> = {}) {
  const session = await stage.session({ ...who })
  const begun = must(
    await stage.page<{ startUrl: string; startCode: string }>(
      session.connectToken,
      'POST',
      '/connect/flows',
      { provider, ...flow },
    ),
    201,
  )
  const finish = await new Person().visit(begun.startUrl, {
    init: {
      method: 'POST',
      body: new URLSearchParams({ start_code: begun.startCode }),
      headers: { origin: appOrigin },
    },
    stopAt: (to) => to.origin === appOrigin,
  })
  const { connection } = must(await stage.confirm(finish.url, who), 200)
  if (connection === null) throw new Error('not connected')
  return connection
}

const read = (who: { tenantId: string; userId: string }, connectionName = 'default') =>
  stage.call<Problem & { credential: string }>('POST', '/v1/credentials', {
    provider,
    connectionName,
    ...who,
  })

const integrationOf = async ({ id }: Connection) => {
  const [row] = await stage.database.query<{ id: string }>(
    'select integration_id as id from connections where id = $1',
    [id],
  )
  return row?.id
}

verifies('methods:several', async () => {
  const who = { tenantId: 'ten_several', userId: 'usr_ada' }
  // Only the second is registered so far: it is the first that can be used.
  const partner = await integrate('partner')
  expect(partner.method).toBe('partner')
  const one = await connect(who, { connectionName: 'one' })
  expect(one.method).toBe('partner')
  const consent = await integrate()
  expect(consent.method).toBe('consent')
  const two = await connect(who, { connectionName: 'two' })
  const three = await connect(who, { connectionName: 'three', method: 'partner' })
  expect([two.method, three.method]).toEqual(['consent', 'partner'])
  expect(await integrationOf(two)).toBe(consent.id)
  expect(await integrationOf(three)).toBe(partner.id)
  const { connectToken } = await stage.session({ ...who })
  const offered = await stage.page(connectToken, 'GET', '/connect/providers')
  expect(must(offered, 200)).toMatchObject({
    providers: expect.arrayContaining([
      expect.objectContaining({
        name: provider,
        methods: [
          { id: 'consent', kind: 'oauth2', title: 'Acme consent' },
          { id: 'partner', kind: 'oauth2', title: 'Acme partner' },
        ],
      }),
    ]),
  })
  // One app for each method, and none for what is no method.
  for (const method of ['partner', 'magic']) {
    const body = { provider, scopes, method }
    const refused = await stage.call<Problem>('POST', '/v1/integrations', body)
    expect([refused.status, refused.body.code], method).toEqual([400, 'invalid_request'])
    if (method === 'magic') expect(refused.body.nextStep).toContain('consent, partner')
  }
})

verifies('methods:moved-row', async () => {
  const who = { tenantId: 'ten_moved', userId: 'usr_ada' }
  const { id } = await connect(who, { method: 'consent' })
  expect((await read(who)).status).toBe(200)
  const move = (method: string) =>
    stage.database.query('update connections set method = $2 where id = $1', [id, method])
  await move('partner')
  expect((await read(who)).body.code).toBe('credential_unreadable')
  await move('consent')
  expect((await read(who)).status).toBe(200)
})

verifies('methods:removed', async () => {
  const who = { tenantId: 'ten_removed', userId: 'usr_ada' }
  const kept = await connect(who, { connectionName: 'kept', method: 'consent' })
  const lost = await connect(who, { connectionName: 'lost', method: 'partner' })
  await edit(['consent'])
  try {
    expect((await read(who, 'kept')).status).toBe(200)
    expect(await read(who, 'lost')).toMatchObject({
      status: 400,
      body: { code: 'method_not_offered', detail: expect.stringContaining('partner') },
    })
    await stage.database.query('update refresh_schedule set probe_at = now()')
    const shown = async ({ id }: Connection) =>
      must(
        await stage.call<Connection>('GET', `/v1/connections/${id}?tenantId=${who.tenantId}`),
        200,
      )
    await until('said', async () => (await shown(lost)).health.status === 'degraded')
    expect((await shown(lost)).health.reason).toBe('method_removed')
    expect(await shown(kept)).toMatchObject({ status: 'active', health: { status: 'ok' } })
    const integrations = await stage.call<{ integrations: object[] }>('GET', '/v1/integrations')
    expect(must(integrations, 200).integrations.length).toBeGreaterThan(1)
  } finally {
    await edit(['consent', 'partner'])
  }
  expect((await read(who, 'lost')).status).toBe(200)
  // Without the method nobody knows how its grant is withdrawn: a person does it.
  await edit(['consent'])
  const gone = await stage.call('DELETE', `/v1/connections/${lost.id}?tenantId=${who.tenantId}`)
  expect(must(gone, 200)).toMatchObject({ upstream: 'manual' })
})
