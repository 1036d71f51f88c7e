/** What a stored secret may be sent to, when the definition or the row that says so is changed afterwards. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { connectInBrowser, integrate } from './support/journey.ts'
import {
  clientId,
  clientSecret,
  type OtherProvider,
  startOtherProvider,
} from './support/other-provider.ts'
import { createStage, listen, must, type Stage } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-notes'

const folder = mkdtempSync(join(tmpdir(), 'keywell-reach-'))

let other: OtherProvider
let stage: Stage
let integrationId: string
/** A server that whoever edits the definition would have the secrets sent to, and what it was sent. */
let elsewhere: { url: string; server: Server }
const taken: string[] = []

beforeAll(async () => {
  other = await startOtherProvider()
  elsewhere = await listen(() => ({
    fetch: async (request: Request) => {
      const headers = JSON.stringify(Object.fromEntries(request.headers))
      taken.push(`${request.method} ${request.url} ${headers} ${await request.text()}`)
      return new Response('{}', { status: 500 })
    },
  }))
  writeDefinition()
  stage = await createStage(await openEmbedded(), {
    providersFolder: folder,
    privateHosts: [
      { origin: other.signIn },
      { origin: other.api },
      { origin: new URL(elsewhere.url).origin },
    ],
    timing: { pollMs: 40, sweepMs: 100, recheckAfterMs: 50, confirmAfterMs: 100 },
  })
  const scopes = ['notes:read', 'notes:write']
  const app = { clientId, clientSecret }
  integrationId = await integrate(stage, { provider, scopes }, () => app)
})
afterAll(async () => {
  await stage.stop()
  await other.stop()
  elsewhere.server.close()
})

async function setClient(): Promise<void> {
  const path = `/v1/integrations/${integrationId}/client`
  must(await stage.call('PUT', path, { clientId, clientSecret }), 200)
}

const whoOf = (name: string) => ({ tenantId: `ten_${name}`, userId: `usr_${name}` })

const connect = (name: string) => connectInBrowser(stage, { provider, who: whoOf(name) })

async function disconnect(name: string): Promise<{ upstream: string }> {
  const rows = await stage.database.query<{ id: string }>(
    'select id from connections where tenant_id = $1',
    [whoOf(name).tenantId],
  )
  const path = `/v1/connections/${rows[0]?.id}?${new URLSearchParams(whoOf(name))}`
  return must(await stage.call<{ upstream: string }>('DELETE', path), 200)
}

const read = (name: string) =>
  stage.call<{ code?: string; credential: string }>('POST', '/v1/credentials', {
    provider,
    ...whoOf(name),
  })

async function healthOf(name: string) {
  const { tenantId } = whoOf(name)
  const [row] = await stage.database.query<{ health: string; reason: string | null }>(
    'select health, health_reason as reason from connections where tenant_id = $1',
    [tenantId],
  )
  return row
}

const dueNow = (name: string, column: 'refresh_at' | 'probe_at') =>
  stage.database.query(`update refresh_schedule set ${column} = now() where tenant_id = $1`, [
    whoOf(name).tenantId,
  ])

const writeDefinition = (definition = other.definition) =>
  writeFileSync(join(folder, 'acme.json'), JSON.stringify(definition))

/** Changes the addresses in the file that the service follows; the returned function puts them back. */
async function editDefinition(address: string): Promise<() => Promise<void>> {
  const edited = structuredClone(other.definition)
  const [method] = edited.auth
  if (method?.kind !== 'oauth2') throw new Error('no method by consent')
  const places = [
    method.token,
    ...(method.revocation.style === 'request' ? [method.revocation.request] : []),
    method.identity.request,
    method.health.request,
  ] as { url: string }[]
  for (const place of places) place.url = new URL(new URL(place.url).pathname, address).href
  await takenUp(() => writeDefinition(edited))
  return () => takenUp(writeDefinition)
}

async function takenUp(change: () => void): Promise<void> {
  const count = () =>
    stage.logs.filter((line) => line.includes('provider definition loaded')).length
  const before = count()
  change()
  await until('taken up', () => count() > before)
}

verifies('reach:edited-definition', async () => {
  await connect('ada')
  await connect('bea')
  const { credential } = must(await read('ada'), 200)
  const restore = await editDefinition(elsewhere.url)
  try {
    // Renewal and probe are due, and a user disconnects: nothing of it goes to the new addresses.
    await dueNow('ada', 'refresh_at')
    await until('said by a refresh', async () => (await healthOf('ada'))?.health === 'degraded')
    expect(await healthOf('ada')).toEqual({ health: 'degraded', reason: 'definition_outgrown' })
    await dueNow('bea', 'probe_at')
    await until('said by a probe', async () => (await healthOf('bea'))?.health === 'degraded')
    expect(await healthOf('bea')).toEqual({ health: 'degraded', reason: 'definition_outgrown' })
    // By the version that they were stored under they are renewed, and withdrawn, where they were before.
    expect(must(await read('ada'), 200).credential).not.toBe(credential)
    expect((await disconnect('bea')).upstream).toBe('revoked')
    // A new consent does not send the client's secret there either.
    expect(await connect('cleo')).toMatchObject({ error: { code: 'integration_missing' } })
    expect(taken).toEqual([])

    // The operator who sets the client again has seen the definition of now.
    await setClient()
    await connect('cleo')
    expect(taken).toEqual([expect.stringContaining(`POST ${elsewhere.url}/tokens `)])
    // And still no token of before: its renewal needs a client, whose secret is for the new origin now.
    await dueNow('ada', 'refresh_at')
    await until('tried again', async () => {
      const rows = await stage.database.query<{ tried: boolean }>(
        'select refresh_at > now() as tried from refresh_schedule where tenant_id = $1',
        [whoOf('ada').tenantId],
      )
      return rows[0]?.tried === true
    })
    expect(taken).toHaveLength(1)
    expect(await healthOf('ada')).toEqual({ health: 'degraded', reason: 'definition_outgrown' })
    for (const { accessToken, refreshToken } of other.grants) {
      expect(taken.join()).not.toContain(accessToken)
      expect(taken.join()).not.toContain(refreshToken)
    }
  } finally {
    await restore()
  }
  await setClient()
  await dueNow('ada', 'refresh_at')
  await until('healthy', async () => (await healthOf('ada'))?.health === 'ok')
})

verifies('reach:edited-path', async () => {
  await connect('emil')
  const { credential } = must(await read('emil'), 200)
  // The same origin: another version of the API. Nothing that is stored is moved by it, so nothing is held up.
  const edited = { ...other.definition, api: { base: `${other.api}/v4` } }
  await takenUp(() => writeDefinition(edited))
  try {
    await dueNow('emil', 'refresh_at')
    await until('renewed', async () => must(await read('emil'), 200).credential !== credential)
    await connect('fay')
    // A backend that names the host as it was finds the connection.
    const named = { provider, ...whoOf('emil'), host: other.api }
    expect((await stage.call('POST', '/v1/credentials', named)).status).toBe(200)
    expect((await disconnect('emil')).upstream).toBe('revoked')
  } finally {
    await takenUp(writeDefinition)
  }
})

verifies('reach:moved-row', async () => {
  await connect('dora')
  const { tenantId } = whoOf('dora')
  const moves: [table: string, column: string, value: string][] = [
    ['connections', 'provider', 'gitlab'],
    ['connections', 'host', 'https://other.example'],
    ['connections', 'user_id', 'usr_mallory'],
    ['connections', 'integration_id', 'int_other'],
  ]
  for (const [table, column, value] of moves) {
    const [before] = await stage.database.query<{ value: string }>(
      `select ${column} as value from ${table} where tenant_id = $1`,
      [tenantId],
    )
    const put = (text: string) =>
      stage.database.query(`update ${table} set ${column} = $2 where tenant_id = $1`, [
        tenantId,
        text,
      ])
    await put(value)
    const named = {
      provider: column === 'provider' ? value : provider,
      tenantId,
      userId: column === 'user_id' ? value : whoOf('dora').userId,
    }
    const answer = await stage.call<{ code: string }>('POST', '/v1/credentials', named)
    expect(answer.body.code, column).toBe('credential_unreadable')
    await put(before?.value ?? '')
  }
  must(await read('dora'), 200)
})

verifies('reach:redirect', async () => {
  await connect('gil')
  taken.length = 0
  // To where the operator lets calls go, so that nothing else stands in their way.
  other.redirectsTo = elsewhere.url
  try {
    await fetch(`${other.api}/v3/whoami`, { headers: { 'x-acme-auth': 'Token of-a-follower' } })
    expect(taken.join(), 'what a client that follows would be seen by').toContain('of-a-follower')
    taken.length = 0

    await dueNow('gil', 'refresh_at')
    await until('a renewal was redirected', () => other.redirected.includes('POST /tokens'))
    await dueNow('gil', 'probe_at')
    await until('a probe was redirected', () => other.redirected.filter(isProbe).length > 1)
    expect(taken).toEqual([])
    expect((await disconnect('gil')).upstream).toBe('manual')
    expect(other.redirected).toContain(`DELETE /apps/${clientId}/sessions`)
    const exchanges = () => other.redirected.filter((call) => call === 'POST /tokens').length
    const before = exchanges()
    expect(await connect('hal')).toMatchObject({ status: 'failed' })
    expect(exchanges()).toBe(before + 1)
    expect(taken).toEqual([])
  } finally {
    other.redirectsTo = undefined
  }
})

const isProbe = (call: string) => call === 'GET /v3/whoami'

verifies('reach:reseal', async () => {
  await connect('gwen')
  const { tenantId } = whoOf('gwen')
  const restore = await editDefinition(elsewhere.url)
  taken.splice(0)
  try {
    const { origin } = new URL(elsewhere.url)
    const shown: string[][] = []
    const reseal = (yes: boolean) =>
      stage.keywell.providers.reseal({ name: provider }, async ({ origins }) => {
        shown.push(origins)
        return yes
      })
    expect(await reseal(false)).toBeNull()
    await dueNow('gwen', 'probe_at')
    await until('said by a probe', async () => (await healthOf('gwen'))?.health === 'degraded')
    expect(taken).toEqual([])

    const moved = await reseal(true)
    expect(shown).toEqual([[`api ${origin}`, `client ${origin}`], shown[0]])
    expect(moved).toMatchObject({ connections: expect.any(Number), integrations: 1 })
    await until('probed there', () => taken.some((call) => call.startsWith(`GET ${origin}/`)))
    await dueNow('gwen', 'refresh_at')
    await until('renewed there', () => taken.some((call) => call.startsWith(`POST ${origin}/`)))
    const rows = await stage.database.query(
      `select actor, reason from audit where tenant_id = $1 and action = 'provider.reseal'`,
      [tenantId],
    )
    expect(rows).toEqual([{ actor: 'operator', reason: provider }])
    expect((await reseal(false)) ?? shown.at(-1)).toEqual([])
  } finally {
    await restore()
  }
})
